//! From a core module, as the compiler of a language makes it, to a component.

use wit_component::{ComponentEncoder, DecodedWasm};

/// Why a core module cannot become a component.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ComponentizeError(String);

/// A component, and the interfaces it calls.
pub(crate) struct Component {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// Names of the interfaces; those that only hold types are left out.
    pub(crate) imports: Vec<String>,
}

/// Makes the component that the module's own metadata describes, and validates it. The module must import nothing
/// beside the interfaces of its world: there are no adapters.
pub(crate) fn componentize(module: &[u8]) -> Result<Component, ComponentizeError> {
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    // The alternate form has the whole chain: the cause alone says which import is too many.
    let bytes = encode().map_err(|error| ComponentizeError(format!("{error:#}")))?;
    let imports = match wit_component::decode(&bytes) {
        // What is read back has only the interfaces that the component mentions.
        Ok(DecodedWasm::Component(resolve, _)) => {
            let called = resolve.interfaces.iter().filter(|(_, interface)| !interface.functions.is_empty());
            called.filter_map(|(id, _)| resolve.id_of(id)).collect()
        }
        Ok(DecodedWasm::WitPackage(..)) => Vec::new(),
        Err(error) => return Err(ComponentizeError(format!("{error:#}"))),
    };
    Ok(Component { bytes, imports })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_metadata_is_an_empty_component() {
        let component = componentize(b"\0asm\x01\0\0\0").unwrap();
        assert_eq!(&component.bytes[..8], b"\0asm\x0d\0\x01\0");
        assert!(component.imports.is_empty());
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(componentize(b"not wasm").is_err());
    }
}
