//! external-dns: which object owns the record of a name, and whether it looks at the one that should.

use crate::kinds::template::Template;
use crate::kinds::{DEPLOYMENT, Record};
use crate::view::short_name;
use crate::view::trace::body::template;
use crate::view::trace::entrance::choice::{Choice, Fit};
use crate::view::trace::entrance::claims::{Claims, HOSTNAMES};
use crate::view::trace::entrance::controller::class;
use crate::view::trace::entrance::zone::{self, Origin};
use crate::view::trace::fault::Finding;
use crate::view::trace::fault::dns::DNS_EXTDNS_OWNER;
use crate::view::trace::world::World;
use std::sync::Arc;

/// What begins the name of a text record that tells the owner of another one.
const PREFIXES: [&str; 4] = ["", "a-", "aaaa-", "cname-"];

/// What keeps external-dns from publishing the name as it should be.
pub fn finding(world: &World, host: &str, choice: &Choice, claims: &Claims) -> Option<Finding> {
    let wanted = claims.owner().or_else(|| choice.gate.as_ref().map(|gate| &gate.object))?;
    by_record(world, host, (wanted, claims), choice).or_else(|| unseen(world, host, wanted, choice))
}

/// The text record beside the name says that another object owns it.
fn by_record(world: &World, host: &str, (wanted, claims): (&Arc<Record>, &Claims), choice: &Choice) -> Option<Finding> {
    let names = PREFIXES.iter().map(|prefix| format!("{prefix}{host}"));
    let (name, text, origin) = names
        .flat_map(|name| zone::texts(world, &name).into_iter().map(move |(text, origin)| (name.clone(), text, origin)))
        .find(|(_, text, _)| text.contains("heritage=external-dns"))?;
    let part = |key: &str| {
        let parts = text.trim_matches('"').split(',');
        parts.into_iter().find_map(|part| part.trim().strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
    };
    let owner = part("external-dns/owner").unwrap_or_default();
    let object = part("external-dns/resource")?;
    let gate = choice.gate.as_ref();
    let mut expected: Vec<String> = claims.ingresses.iter().chain(&claims.routes).map(|own| path(world, own)).collect();
    expected.extend(
        gate.iter().flat_map(|gate| [Some(&gate.object), gate.service.as_ref()]).flatten().map(|own| path(world, own)),
    );
    let id = running(world).and_then(|flags| flag(&flags, "txt-owner-id"));
    let is_ours = object.starts_with("crd/") || expected.contains(&object);
    if is_ours && id.as_ref().is_none_or(|id| *id == owner) {
        return None;
    }
    let why = match &id {
        Some(id) if *id != owner => format!("this cluster's external-dns is {id}"),
        _ => format!("{} should own it", world.title(&wanted.key)),
    };
    let finding =
        begin(world, host, wanted).word("owner", format!("{object} of external-dns {owner}")).word("wanted", why);
    Some(match origin {
        Origin::Given => finding.fact(None, format!("dns {name} TXT"), text),
        Origin::Object(record, field) => finding.proof(&record, field, text),
    })
}

/// external-dns runs and does not look at the object: another prefix of annotations, another class.
fn unseen(world: &World, host: &str, wanted: &Arc<Record>, choice: &Choice) -> Option<Finding> {
    let annotation = HOSTNAMES.iter().find(|key| wanted.meta.annotation(key).is_some())?;
    if matches!(choice.fit, Fit::Ours | Fit::Told) {
        return None;
    }
    let flags = running(world)?;
    let prefix = flag(&flags, "annotation-prefix").filter(|prefix| !annotation.starts_with(prefix.as_str()));
    let other = flag(&flags, "ingress-class").filter(|only| class(wanted).is_none_or(|class| *class != **only));
    let why = match (&prefix, &other) {
        (Some(prefix), _) => format!("external-dns reads only annotations that begin with {prefix}"),
        (_, Some(only)) => format!("external-dns looks only at Ingresses of class {only}"),
        _ => return None,
    };
    let finding = begin(world, host, wanted).word("owner", "nobody").word("wanted", why);
    let finding = match prefix {
        Some(prefix) => finding.word("annotation", format!("{prefix}hostname")),
        None => finding,
    };
    Some(finding.proof(wanted, format!(".metadata.annotations['{annotation}']"), host))
}

fn begin(world: &World, host: &str, wanted: &Arc<Record>) -> Finding {
    let finding =
        Finding::of(&DNS_EXTDNS_OWNER).word("host", host).word("resource", short_name(world.catalog, &wanted.key));
    finding.object("name", &wanted.key).word("annotation", HOSTNAMES[1])
}

/// As external-dns names an object: `ingress/shop/web`.
fn path(world: &World, record: &Record) -> String {
    let kind = world.catalog.get(record.key.kind).map_or(String::new(), |kind| kind.kind.to_lowercase());
    format!("{kind}/{}/{}", record.key.namespace.as_deref().unwrap_or(""), record.key.name)
}

/// The flags of external-dns, where it runs.
fn running(world: &World) -> Option<Vec<Arc<str>>> {
    let workloads = world.controllers(None).into_iter().filter(|workload| workload.key.kind == DEPLOYMENT);
    let templates = workloads.filter_map(|deployment| template(deployment));
    let mut containers = templates.flat_map(Template::main);
    let found = containers.find(|container| container.image.contains("external-dns"))?;
    Some(found.flags.to_vec())
}

fn flag(flags: &[Arc<str>], name: &str) -> Option<String> {
    let value = |flag: &Arc<str>| Some(flag.strip_prefix("--")?.strip_prefix(name)?.strip_prefix('=')?.to_owned());
    flags.iter().find_map(value)
}
