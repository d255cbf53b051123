//! free4chat: a pipeline that deploys each commit, and a certificate that is renewed.

use crate::demo::stage::Stage;
use crate::demo::store::uid;
use crate::demo::story::{Script, certificate, shop, step};

pub const SCRIPTS: &[Script] = &[
    Script {
        needs: ("deployments.apps", "free4chat", "apifree4chat"),
        every: 240,
        steps: &[step(12, a_commit_is_deployed)],
    },
    Script {
        needs: (certificate::CERTIFICATES, "default", "api-free4chat-tls"),
        every: 1_200,
        steps: &[step(40, renewal_begins), step(46, renewal_ends)],
    },
];

/// The tag is the first seven characters of the commit.
fn a_commit_is_deployed(stage: &mut Stage, round: u32) {
    let commit = uid(&format!("commit {round}")).replace('-', "");
    let image = format!("docker.io/free4chat/api:{}", &commit[..7]);
    shop::release(stage, "free4chat", "apifree4chat", &image, &format!("deploy {}", &commit[..7]));
}

fn renewal_begins(stage: &mut Stage, _: u32) {
    certificate::request(stage, "default", "api-free4chat-tls");
}

fn renewal_ends(stage: &mut Stage, _: u32) {
    certificate::issue(stage, "default", "api-free4chat-tls");
}
