//! Whom a controller serves: the Ingresses that it takes, and why it leaves the others.

use crate::kinds::Record;
use crate::view::trace::fault::Finding;
use crate::view::trace::groups::Groups;
use crate::wire::Timestamp;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

/// Whether a controller serves an Ingress.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// It does.
    Yes,
    /// It does not, and nobody else seems to.
    No(Box<Finding>),
    /// The controller leaves Ingresses with a defaultBackend out (`--disable-catch-all`).
    Dropped,
    /// Another controller does.
    Elsewhere,
    /// Nobody can tell; says what is missing.
    Unknown(String),
}

/// Every Ingress of a cluster, told apart.
#[derive(Clone, Debug)]
pub struct Sorted<'a> {
    /// Those that the controller serves, the oldest first.
    pub taken: Rc<[&'a Arc<Record>]>,
    /// Those that it does not, and why.
    pub left: Rc<[(&'a Arc<Record>, Taken)]>,
    /// The load balancers that a cloud makes for them, once somebody has asked.
    pub groups: Rc<OnceCell<Groups<'a>>>,
    /// Why it takes no configuration with these, once somebody has asked; none where it does.
    pub refusal: Rc<OnceCell<Option<Finding>>>,
}

impl<'a> Sorted<'a> {
    /// Puts those that are served in order.
    pub fn new(mut taken: Vec<&'a Arc<Record>>, left: Vec<(&'a Arc<Record>, Taken)>) -> Self {
        // They come by name, and so equal ages come in the opposite order: a stable sort of these has little to do.
        taken.reverse();
        taken.sort_by(|a, b| by_age(a, b));
        Self { taken: taken.into(), left: left.into(), groups: Rc::default(), refusal: Rc::default() }
    }
}

/// The oldest owns; of equal age, as in files, the last by name (ingress-nginx's store sorts so).
pub fn by_age(a: &Record, b: &Record) -> Ordering {
    let age = |record: &Record| record.meta.created.map_or(i64::MIN, Timestamp::seconds);
    age(a).cmp(&age(b)).then_with(|| b.key.cmp(&a.key))
}
