//! The Ingresses that a controller serves, as one request sees them: those near it at once, all of them only where somebody
//! asks, for in a large cluster that is most of what a trace costs.

use crate::kinds::Record;
use crate::view::trace::fault::Finding;
use crate::view::trace::groups::Groups;
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::taken;
use crate::view::trace::served::{Sorted, Taken, by_age};
use crate::view::trace::world::World;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// Whom a controller serves.
#[derive(Debug)]
pub struct Served<'w, 'a> {
    world: &'w World<'a>,
    controller: &'w Controller,
    /// Of those that it serves the ones that may decide about the request's hosts, the oldest first.
    pub near: Vec<&'a Arc<Record>>,
}

impl<'w, 'a> Served<'w, 'a> {
    /// As a request sees them that these Ingresses may decide about.
    pub fn new(world: &'w World<'a>, controller: &'w Controller, near: Vec<&'a Arc<Record>>) -> Self {
        let mut served = Self { world, controller, near: Vec::new() };
        served.near = served.of(near);
        served
    }

    /// As a request sees them that entered by a load balancer of these alone.
    pub fn narrowed(&self, near: Vec<&'a Arc<Record>>) -> Self {
        Self { world: self.world, controller: self.controller, near }
    }

    /// Of these Ingresses the ones that are served, the oldest first.
    pub fn of(&self, mut ingresses: Vec<&'a Arc<Record>>) -> Vec<&'a Arc<Record>> {
        ingresses.retain(|ingress| taken::one(self.world, self.controller, ingress) == Taken::Yes);
        ingresses.sort_by(|a, b| by_age(a, b));
        ingresses
    }

    /// All that it serves, the oldest first.
    pub fn taken(&self) -> Rc<[&'a Arc<Record>]> {
        self.sorted().taken
    }

    /// All that it does not, and why.
    pub fn left(&self) -> Rc<[(&'a Arc<Record>, Taken)]> {
        self.sorted().left
    }

    /// The load balancers that a cloud makes for them: whoever asks finds them in the cell, or puts them there.
    pub fn groups(&self) -> Rc<OnceCell<Groups<'a>>> {
        self.sorted().groups
    }

    /// Why the controller takes no configuration with all of these, found once for all.
    pub fn refusal(&self, find: impl FnOnce() -> Option<Finding>) -> Option<Finding> {
        self.sorted().refusal.get_or_init(find).clone()
    }

    fn sorted(&self) -> Sorted<'a> {
        self.world.served(self.controller, || taken::all(self.world, self.controller))
    }
}
