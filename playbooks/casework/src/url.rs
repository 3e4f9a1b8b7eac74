/// The host in a URL, without credentials, port and an IPv6 address's brackets.
pub fn host_of(url: &str) -> Option<&str> {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => host.split(':').next()?,
    };
    Some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_of_a_url_is_found() {
        assert_eq!(host_of("https://evil.example:8443/a?b#c"), Some("evil.example"));
        assert_eq!(host_of("http://bank.example@evil.example/"), Some("evil.example"));
        assert_eq!(host_of("http://[2001:db8::1]:80/"), Some("2001:db8::1"));
        assert_eq!(host_of("evil.example/path"), Some("evil.example"));
        assert_eq!(host_of("https:///path"), None);
    }
}
