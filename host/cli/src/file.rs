//! Files of what the host sends.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::{client::Client, error::Error};

/// Writes what is at this path of the API to a file that only its owner can read. It is there as a whole or not at all.
pub(crate) async fn download(host: &Client, path: &str, file: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { what: "write", path: file.to_owned(), source };
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    let mut part = NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(failed)?;
    host.download(path, |bytes| part.write_all(bytes).map_err(failed)).await?;
    part.as_file().sync_all().map_err(failed)?;
    part.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes what is at this path of the API to standard output.
pub(crate) async fn print(host: &Client, path: &str) -> Result<(), Error> {
    let failed = |source| Error::Stream { what: "write to standard output", source };
    let mut out = io::stdout().lock();
    host.download(path, |bytes| out.write_all(bytes).map_err(failed)).await?;
    out.flush().map_err(failed)
}

/// Opens a file, or standard input if it is `-`.
pub(crate) fn open(file: &Path) -> Result<Box<dyn io::Read>, Error> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    match fs::File::open(file) {
        Ok(open) => Ok(Box::new(open)),
        Err(source) => Err(Error::File { what: "read", path: file.to_owned(), source }),
    }
}
