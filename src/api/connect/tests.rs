//! Real sockets on loopback, real TLS, and what is said when either is wrong.
