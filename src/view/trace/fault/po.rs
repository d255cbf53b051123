//! Faults of this part of the path.

use crate::view::trace::fault::faults;

faults! {}
