//! Which certificate is served, and every fault of it.
