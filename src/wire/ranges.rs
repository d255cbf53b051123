//! Ranges of addresses, as policies, allow-lists and `NO_PROXY` write them.

use std::net::IpAddr;

/// A block of addresses: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    address: IpAddr,
    bits: u8,
}

impl Block {
    /// From `address/bits`; an address alone is a block of one.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = if bits.is_empty() { most } else { bits.parse().ok()? };
        (bits <= most).then_some(Self { address, bits })
    }

    /// Whether the address lies in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(block), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                u32::from(block).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(block), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                u128::from(block).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }

    /// Whether it holds every address of its version.
    pub fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

/// Whether a range `10.0.0.0/8` holds an address; a range that cannot be read holds none.
pub fn contains(range: &str, ip: IpAddr) -> bool {
    Block::parse(range).is_some_and(|block| block.contains(ip))
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
