//! Names of users, which every system writes in its own way.

/// Without the Windows domain in front: `ACME\kim` is `kim`.
pub(crate) fn account(name: &str) -> &str {
    name.rsplit('\\').next().unwrap_or(name)
}

/// The part before the `@`: `kim@acme.example` is `kim`.
pub(crate) fn local_part(name: &str) -> &str {
    let account = account(name);
    account.split('@').next().unwrap_or(account)
}

/// Whether two systems mean the same user. Two names with a domain are the same only with the same one.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (account(one), account(other));
    if one.contains('@') && other.contains('@') {
        one.eq_ignore_ascii_case(other)
    } else {
        local_part(one).eq_ignore_ascii_case(local_part(other))
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn one_user_has_many_names() {
        for other in ["kim", r"ACME\Kim", "kim@acme.example"] {
            assert!(is_same("kim", other), "{other}");
        }
        assert!(is_same("kim@acme.example", "KIM@ACME.EXAMPLE"));
        assert!(!is_same("kim@acme.example", "kim@evil.example"));
        assert!(!is_same("kim", "kim2"));
        assert!(!is_same("", "kim"));
    }
}
