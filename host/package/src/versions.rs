//! Which of two versions is the older one.

use semver::Version;

/// Whether a version is older than the newest there was (<https://semver.org>, section 11). One that cannot be compared
/// with a newest that could is older: it might be anything. Where the newest is no such version, nothing is older.
pub fn is_older(version: &str, newest: &str) -> bool {
    let Ok(newest) = Version::parse(newest) else { return false };
    Version::parse(version).map_or(true, |version| version.cmp_precedence(&newest).is_lt())
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
            ("1.2.3", "tuesday", false),
        ] {
            assert_eq!(is_older(version, newest), older, "{version} after {newest}");
        }
    }
}
