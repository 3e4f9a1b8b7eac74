//! Pieces of WebAssembly's binary format, for components that no compiler makes.

/// What every component begins with.
pub const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// What every core module begins with.
pub const CORE_MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

/// A section.
pub fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], leb128(content.len()).as_slice(), content].concat()
}

/// A number without a sign.
pub fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
