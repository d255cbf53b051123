//! Tests on a real control plane: etcd, kube-apiserver, its controllers and scheduler, and
//! kwok as the kubelet of every node; Traefik and CoreDNS beside them. `tests/cluster/build` makes the programs;
//! `cargo test --features real --test real` runs these tests.
#![allow(
    clippy::needless_pass_by_value,
    clippy::type_complexity,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

mod acts;
mod cases;
mod connect;
mod control_plane;
mod coredns;
mod demo_objects;
mod demo_server;
mod enforced;
mod fixture;
mod forward;
mod live;
mod logs;
mod monkey;
mod program;
mod proxy;
mod record;
mod referee;
mod rollout;
mod room;
mod traefik;
mod visits;
mod watch;
