//! Identifiers that no two records share.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 128 random bits. The standard library seeds its hashers from the operating system, which is random enough for
/// a lab and costs no dependency.
fn random() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

/// 32 lower-case hexadecimal digits, as ServiceNow writes a `sys_id`.
pub(crate) fn hex() -> String {
    format!("{:032x}", random())
}

/// `uuid:` and an upper-case UUID, as WinRM writes message identifiers.
pub(crate) fn uuid() -> String {
    let digits = format!("{:032X}", random());
    format!(
        "uuid:{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}
