use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use palisade_sdk::Failure;

use super::damaged;

/// Bytes of a page. The nodes on the way to an address are spread over the tree, so that larger pages read more and find no
/// more in them.
pub(super) const PAGE_BYTES: u32 = 4 * 1024;
/// Pages that one call reads at most, 4 MiB: a look-up touches a page for each of 128 levels at worst, and few for its
/// record.
pub(super) const PAGES: usize = 1_024;

/// A file that is read in pieces.
pub(crate) trait Source {
    /// Its bytes.
    fn size(&self) -> Result<u64, Failure>;

    /// The bytes from this place on; fewer only at the end.
    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, Failure>;
}

/// A file of which each page is read at most once.
pub(super) struct Pages<S> {
    source: S,
    size: u64,
    read: RefCell<BTreeMap<u64, Rc<[u8]>>>,
}

impl<S: Source> Pages<S> {
    pub(super) fn open(source: S) -> Result<Self, Failure> {
        Ok(Self { size: source.size()?, source, read: RefCell::default() })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// All of the file's last bytes, at most so many.
    pub(super) fn tail(&self, length: u32) -> Result<Vec<u8>, Failure> {
        let length = u32::try_from(self.size).unwrap_or(u32::MAX).min(length);
        self.whole(self.size - u64::from(length), length)
    }

    /// Fills the buffer with the bytes from this place on.
    pub(super) fn fill(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), Failure> {
        while !buffer.is_empty() {
            let page = self.page(offset / u64::from(PAGE_BYTES))?;
            let within = (offset % u64::from(PAGE_BYTES)) as usize;
            let rest = page.get(within..).filter(|rest| !rest.is_empty());
            let rest = rest.ok_or_else(|| damaged("it ends too early"))?;
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            buffer = &mut buffer[count..];
            offset += count as u64;
        }
        Ok(())
    }

    fn page(&self, number: u64) -> Result<Rc<[u8]>, Failure> {
        if let Some(page) = self.read.borrow().get(&number) {
            return Ok(Rc::clone(page));
        }
        if self.read.borrow().len() == PAGES {
            return Err(damaged("one look-up leads all over the file"));
        }
        let start = number.saturating_mul(u64::from(PAGE_BYTES));
        let length = self.size.saturating_sub(start).min(u64::from(PAGE_BYTES)) as u32;
        let page: Rc<[u8]> = self.whole(start, length)?.into();
        self.read.borrow_mut().insert(number, Rc::clone(&page));
        Ok(page)
    }

    /// These bytes, all of them.
    fn whole(&self, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
        let bytes = self.source.read(offset, length)?;
        if bytes.len() == length as usize {
            Ok(bytes)
        } else {
            Err(Failure::Unavailable("the database was changed while it was read".into()))
        }
    }
}
