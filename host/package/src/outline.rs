//! The outermost sections of a component, without a look into any of them.

use std::ops::Range;

use wasmparser::{Chunk, Encoding, Parser, Payload};

use crate::{
    limits::{IMPORTS, SECTIONS},
    package::PackageError,
};

/// A custom section of the component itself.
pub(crate) struct Custom<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What is in it.
    pub(crate) data: &'a [u8],
    /// Where it is in the file, with its header.
    pub(crate) range: Range<usize>,
}

/// Checks by its preamble (component model binary format) that a file is a component. A core module is told apart, because
/// every author makes the mistake once.
///
/// # Errors
///
/// [`PackageError::CoreModule`]; [`PackageError::NotWasm`].
pub fn check_preamble(file: &[u8]) -> Result<(), PackageError> {
    match file.get(..8) {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => Err(PackageError::CoreModule),
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        _ => Err(PackageError::NotWasm),
    }
}

/// Goes over a component and returns its custom sections. Those of modules and components inside belong to them.
pub(crate) fn customs(file: &[u8]) -> Result<Vec<Custom<'_>>, PackageError> {
    check_preamble(file)?;
    let mut customs = Vec::new();
    let mut imports = 0;
    let mut parser = Parser::new(0);
    let mut at = 0;
    for _ in 0..SECTIONS {
        let rest = &file[at..];
        let Chunk::Parsed { mut consumed, payload } = parser.parse(rest, true)? else {
            return Err(PackageError::Broken { offset: at as u64, why: "it ends here".into() });
        };
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(PackageError::CoreModule),
            Payload::ModuleSection { unchecked_range: inside, .. }
            | Payload::ComponentSection { unchecked_range: inside, .. } => {
                consumed += inside.len();
                if consumed > rest.len() {
                    let why = format!("a part of {} bytes is cut off", inside.len());
                    return Err(PackageError::Broken { offset: at as u64, why });
                }
            }
            Payload::ComponentImportSection(section) => {
                imports += u64::from(section.count());
                if imports > IMPORTS {
                    return Err(PackageError::Imports(imports));
                }
            }
            Payload::CustomSection(section) => {
                customs.push(Custom { name: section.name(), data: section.data(), range: at..at + consumed });
            }
            Payload::UnknownSection { id, .. } => {
                let why = format!("there is no section of kind {id}");
                return Err(PackageError::Broken { offset: at as u64, why });
            }
            Payload::End(_) => return Ok(customs),
            _ => {}
        }
        at += consumed;
    }
    Err(PackageError::Sections)
}

impl From<wasmparser::BinaryReaderError> for PackageError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Broken { offset: error.offset() as u64, why: error.message().to_owned() }
    }
}
