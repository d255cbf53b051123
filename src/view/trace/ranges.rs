//! Ranges of addresses, as policies and allow-lists write them.

use std::net::IpAddr;

/// Whether a range `10.0.0.0/8` holds an address; a range that cannot be read holds none.
pub fn contains(range: &str, ip: IpAddr) -> bool {
    let Some((base, length)) = range.split_once('/') else { return range.parse() == Ok(ip) };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (base, ip) {
        (IpAddr::V4(base), IpAddr::V4(ip)) => {
            let shift = 32u32.saturating_sub(length);
            shift == 32 || u32::from(base) >> shift == u32::from(ip) >> shift
        }
        (IpAddr::V6(base), IpAddr::V6(ip)) => {
            let shift = 128u32.saturating_sub(length);
            shift == 128 || u128::from(base) >> shift == u128::from(ip) >> shift
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_addresses_of_their_own_family() {
        let ip = |text: &str| text.parse().unwrap();
        assert!(contains("10.244.0.0/16", ip("10.244.7.9")) && !contains("10.244.0.0/16", ip("10.245.0.1")));
        assert!(contains("0.0.0.0/0", ip("1.2.3.4")) && !contains("0.0.0.0/0", ip("::1")));
        assert!(contains("fd00::/8", ip("fd12::1")) && contains("1.2.3.4/32", ip("1.2.3.4")));
        assert!(!contains("nonsense/8", ip("1.2.3.4")) && !contains("10.0.0.0/x", ip("10.0.0.1")));
    }
}
