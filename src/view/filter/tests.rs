//! The filter grammar, part by part.
