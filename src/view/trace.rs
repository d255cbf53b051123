//! Where a request goes, and why it breaks: followed hop by hop from the model alone.
//!
//! Invariants: pure, like every view; each broken hop cites a field of an object; what may not be read or is not known
//! makes a hop unknown, never broken. The stages hand each other the values of `plan`: entrance → rule → legs → verdict.

pub mod admission;
pub mod aws;
pub mod body;
pub mod crew;
pub mod entrance;
pub mod facts;
pub mod fault;
#[cfg(test)]
pub mod fixture;
pub mod flavour;
pub mod follow;
pub mod gateway;
pub mod groups;
pub mod hop;
pub mod memo;
pub mod near;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod program;
pub mod reads;
pub mod reality;
pub mod request;
pub mod rule;
pub mod sentence;

pub mod served;
pub mod service;
pub mod text;
pub mod tls;
pub mod uri;
pub mod vantage;
pub mod verdict;
pub mod world;
