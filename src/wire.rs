//! How the Kubernetes API spells things: paths, times, quantities, metadata, the protobuf envelope. No IO.

pub mod envelope;
pub mod int_or_string;
pub mod meta;
pub mod misfit;
pub mod nulls;
pub mod quantity;
pub mod ranges;
pub mod request;
pub mod sanitise;
pub mod time;

pub use self::time::Timestamp;
