//! What holds for any address, any text and any file.

use std::net::{Ipv4Addr, Ipv6Addr};

use palisade_policy::{Policy, Verdict};
use proptest::prelude::*;
use serde_json::json;

use crate::{block, decide, policy, word};

/// An address in the spellings that systems accept.
fn spellings(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let bits = address.to_bits();
    let mapped = address.to_ipv6_mapped();
    vec![
        address.to_string(),
        format!(" {address}\n"),
        mapped.to_string(),
        mapped.to_string().to_uppercase(),
        format!("::ffff:{:x}:{:x}", bits >> 16, bits & 0xffff),
        format!("64:ff9b::{address}"),
        format!("{address}/32"),
        format!("{address}/7"),
        format!("{address}-{address}"),
        format!("{address}:8443"),
        format!("https://{address}/path"),
        format!("https://user:password@[{mapped}]:8443/"),
        format!("{a}.{b}.{}", bits & 0xffff),
        format!("{a}.{}", bits & 0xff_ffff),
        format!("0x{bits:x}"),
        format!("{a:#o}.{b:#x}.{c}.{d}").replace("0o", "0"),
        bits.to_string(),
    ]
}

proptest! {
    #[test]
    fn a_listed_address_is_refused_in_every_spelling(host in 0_u32..1 << 24, prefix in 8_u8..=32) {
        let address = Ipv4Addr::from_bits(10 << 24 | host);
        let network = Ipv4Addr::from_bits(address.to_bits() & u32::MAX << (32 - u32::from(prefix)));
        let never = policy(&format!("[never_touch]\nnetworks = [\"{network}/{prefix}\"]"));
        for spelling in spellings(address) {
            let parameters = json!({ "value": &spelling });
            prop_assert_eq!(decide(&never, &block(&parameters)).verdict, Verdict::Deny, "{}", spelling);
        }
    }

    #[test]
    fn an_address_that_is_not_listed_is_not_refused(bits in any::<u32>()) {
        let address = Ipv4Addr::from_bits(bits);
        prop_assume!(address.octets()[0] != 10);
        let never = policy("[never_touch]\nnetworks = [\"10.0.0.0/8\"]");
        for spelling in [address.to_string(), address.to_ipv6_mapped().to_string(), format!("http://{address}/")] {
            let parameters = json!({ "value": &spelling });
            prop_assert_eq!(word(&decide(&never, &block(&parameters))), "approve", "{}", spelling);
        }
    }

    #[test]
    fn what_is_covered_is_touched(bits in any::<u128>(), prefix in 0_u8..=128, listed in 0_u8..=128) {
        let network = |prefix: u8| {
            Ipv6Addr::from_bits(bits & u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0))
        };
        let entry = format!("target.networks = [\"{}/{listed}\"]", network(listed));
        let parameters = json!({ "network": format!("{}/{prefix}", network(prefix)) });
        let asked = block(&parameters);
        let allow = policy(&format!("[[rule]]\nname = \"r\"\n{entry}\nthen = \"allow\""));
        let deny = policy(&format!("[[rule]]\nname = \"r\"\n{entry}\nthen = \"deny\""));
        prop_assert_eq!(word(&decide(&deny, &asked)), "deny", "two networks of one address overlap");
        prop_assert!(word(&decide(&allow, &asked)) != "allow" || prefix >= listed, "the larger one is not covered");
    }

    #[test]
    fn no_text_brings_it_down(value in ".{0,80}", key in ".{0,10}", odd in r"[\\@:/%\[\].*=+,;<>#0-9a-fx \n-]{0,40}") {
        let lists = policy(
            "[never_touch]\nnetworks = [\"192.0.2.1\"]\nhosts = [\"x.example\"]\nusers = [\"nobody\"]\ndevices = [\"d\"]\n\
             [[rule]]\nname = \"r\"\ntarget.networks = [\"0.0.0.0/0\"]\nthen = \"allow\"",
        );
        let parameters = json!({ &key: [&value, &odd] });
        let decision = decide(&lists, &block(&parameters));
        prop_assert!(!decision.why.contains(char::is_control), "{:?}", decision.why);
    }

    #[test]
    fn no_file_brings_it_down(text in ".{0,200}", keys in r#"[\[\]="{}a-z\n.0-9_ ]{0,60}"#) {
        for text in [&text, &keys] {
            if let Err(error) = Policy::parse(text) {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }
}
