//! From a core module, as the compiler of a language makes it, to a component.

use wit_component::{ComponentEncoder, DecodedWasm};

/// Why a core module cannot become a component.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ComponentizeError(String);

/// Makes the component that the module's own metadata describes, and validates it. The module must import nothing
/// beside the interfaces of its world: there are no adapters.
pub(crate) fn componentize(module: &[u8]) -> Result<Vec<u8>, ComponentizeError> {
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    // The alternate form has the whole chain: the cause alone says which import is too many.
    encode().map_err(|error| ComponentizeError(format!("{error:#}")))
}

/// Names of the interfaces that a component calls; those that only hold types are left out.
pub(crate) fn imports(component: &[u8]) -> Result<Vec<String>, ComponentizeError> {
    match wit_component::decode(component) {
        // What is read back has only the interfaces that the component mentions.
        Ok(DecodedWasm::Component(resolve, _)) => {
            let called = resolve.interfaces.iter().filter(|(_, interface)| !interface.functions.is_empty());
            Ok(called.filter_map(|(id, _)| resolve.id_of(id)).collect())
        }
        Ok(DecodedWasm::WitPackage(..)) => Ok(Vec::new()),
        Err(error) => Err(ComponentizeError(format!("{error:#}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_metadata_is_an_empty_component() {
        let component = componentize(b"\0asm\x01\0\0\0").unwrap();
        assert_eq!(&component[..8], b"\0asm\x0d\0\x01\0");
        assert!(imports(&component).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(componentize(b"not wasm").is_err());
    }
}
