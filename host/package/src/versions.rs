//! Which of two versions is the older one.

use semver::Version;

/// Whether a version is older than the newest there was (<https://semver.org>, section 11). One that cannot be compared
/// is older: it might be anything. So where the newest is no such version, all others are.
pub fn is_older(version: &str, newest: &str) -> bool {
    let Ok(newest_version) = Version::parse(newest) else { return version != newest };
    Version::parse(version).map_or(true, |version| version.cmp_precedence(&newest_version).is_lt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_the_order_of_semver() {
        for (version, newest, older) in [
            ("1.2.3", "1.2.3", false),
            ("1.2.3+build.7", "1.2.3", false),
            ("1.10.0", "1.9.9", false),
            ("1.9.9", "1.10.0", true),
            ("2.0.0-rc.1", "2.0.0", true),
            ("1.2", "1.2.3", true),
            ("../1.2.3", "1.2.3", true),
            ("1.2.3", "tuesday", true),
            ("tuesday", "tuesday", false),
        ] {
            assert_eq!(is_older(version, newest), older, "{version} after {newest}");
        }
    }
}
