//! A renewal by cert-manager: the request, the order, and the Certificate that is fresh again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::demo::stage::{Source, Stage, set_condition};
use crate::demo::store::seconds;

pub const CERTIFICATES: &str = "certificates.cert-manager.io";
const REQUESTS: &str = "certificaterequests.cert-manager.io";
const ORDERS: &str = "orders.acme.cert-manager.io";
const DAYS_VALID: i64 = 90;

/// cert-manager finds that it is time.
pub fn request(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(certificate) = stage.get(CERTIFICATES, namespace, name) else { return };
    let now = stage.clock();
    let text = "Renewing certificate as renewal was scheduled";
    stage.event(&certificate.value, "Issuing", text, Source::of("cert-manager-certificates-trigger"));
    stage.modify(CERTIFICATES, namespace, name, |certificate| {
        let conditions = &mut certificate["status"]["conditions"];
        set_condition(conditions, &now, "Issuing", true, Some(("Renewing", text)));
    });
    let number = next_revision(&certificate.value, stage, namespace, name);
    let request = format!("{name}-{number}");
    copy_latest(stage, REQUESTS, namespace, name, &request, &now);
    copy_latest(stage, ORDERS, namespace, name, &request, &now);
    let text = format!("Created new CertificateRequest resource \"{request}\"");
    stage.event(&certificate.value, "Requested", &text, Source::of("cert-manager-certificates-request-manager"));
}

/// The authority has answered: request and order are done, the Certificate is valid for another ninety days.
pub fn issue(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(certificate) = stage.get(CERTIFICATES, namespace, name) else { return };
    let now = stage.clock();
    for resource in [REQUESTS, ORDERS] {
        if let Some(latest) = latest(stage, resource, namespace, name) {
            let key = latest["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            stage.modify(resource, namespace, &key, |object| finish(resource, object, &now));
        }
    }
    let hours = |count: i64| stage.now.checked_add(SignedDuration::from_hours(count)).unwrap_or(stage.now);
    let (end, renewal) = (hours(DAYS_VALID * 24), hours(DAYS_VALID * 16));
    fill_secret(stage, &certificate.value, namespace, end);
    let (expires, renews) = (seconds(end), seconds(renewal));
    stage.modify(CERTIFICATES, namespace, name, |certificate| {
        let status = &mut certificate["status"];
        let revision = status["revision"].as_i64().unwrap_or(1) + 1;
        if let Some(map) = status.as_object_mut() {
            map.remove("failedIssuanceAttempts");
            map.remove("lastFailureTime");
        }
        status["revision"] = json!(revision);
        status["notBefore"] = json!(now);
        status["notAfter"] = json!(expires);
        status["renewalTime"] = json!(renews);
        let conditions = &mut status["conditions"];
        if let Some(list) = conditions.as_array_mut() {
            list.retain(|condition| condition["type"] != "Issuing");
        }
        let why = Some(("Ready", "Certificate is up to date and has not expired"));
        set_condition(conditions, &now, "Ready", true, why);
    });
    let text = "The certificate has been successfully issued";
    stage.event(&certificate.value, "Issuing", text, Source::of("cert-manager-certificates-issuing"));
}

/// Puts the new certificate where the controllers read it.
fn fill_secret(stage: &mut Stage, certificate: &Value, namespace: &str, end: Timestamp) {
    let spec = &certificate["spec"];
    let names = spec["dnsNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<String> = names.map(str::to_owned).collect();
    let made = stage.signer.and_then(|signer| signer(&names, stage.now, end));
    let (Some((chain, key)), Some(secret)) = (made, spec["secretName"].as_str()) else { return };
    stage.modify("secrets", namespace, secret, |secret| {
        secret["data"]["tls.crt"] = json!(STANDARD.encode(chain));
        secret["data"]["tls.key"] = json!(STANDARD.encode(key));
    });
}

fn next_revision(certificate: &Value, stage: &Stage, namespace: &str, name: &str) -> i64 {
    let known = latest(stage, REQUESTS, namespace, name);
    let number =
        known.and_then(|request| request["metadata"]["name"].as_str()?.rsplit('-').next()?.parse::<i64>().ok());
    number.or(certificate["status"]["revision"].as_i64()).unwrap_or(1) + 1
}

/// The youngest request or order of a Certificate.
fn latest(stage: &Stage, resource: &str, namespace: &str, certificate: &str) -> Option<Value> {
    let mine = |object: &Value| {
        let annotations = &object["metadata"]["annotations"];
        annotations["cert-manager.io/certificate-name"] == certificate
            || object["metadata"]["name"].as_str().is_some_and(|name| is_numbered(name, certificate))
    };
    let found = stage.find(resource, namespace, mine);
    let youngest = found.iter().max_by_key(|object| object.value["metadata"]["creationTimestamp"].as_str());
    youngest.map(|object| object.value.clone())
}

/// `shop-tls-3` and `shop-tls-3-2907131654` belong to `shop-tls`.
fn is_numbered(name: &str, certificate: &str) -> bool {
    let rest = name.strip_prefix(certificate).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

fn copy_latest(stage: &mut Stage, resource: &str, namespace: &str, certificate: &str, request: &str, now: &str) {
    let Some(mut object) = latest(stage, resource, namespace, certificate) else { return };
    let owner = stage.get(REQUESTS, namespace, request);
    let name = if resource == ORDERS {
        let hash =
            crate::demo::store::uid(request).bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte));
        format!("{request}-{hash}")
    } else {
        request.to_owned()
    };
    let metadata = &mut object["metadata"];
    if let Some(map) = metadata.as_object_mut() {
        for field in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
            map.remove(field);
        }
    }
    metadata["name"] = json!(name);
    if let (ORDERS, Some(owner)) = (resource, owner) {
        metadata["ownerReferences"] = crate::demo::stage::owned_by(&owner.value);
    }
    object["status"] = json!({});
    if resource == ORDERS {
        object["status"] = json!({"state": "pending"});
    } else {
        let approved = Some(("cert-manager.io", "Certificate request has been approved by cert-manager.io"));
        let pending = Some(("Pending", "Waiting on certificate issuance from order"));
        let conditions = &mut object["status"]["conditions"];
        set_condition(conditions, now, "Approved", true, approved);
        set_condition(conditions, now, "Ready", false, pending);
    }
    stage.create(resource, object);
}

fn finish(resource: &str, object: &mut Value, now: &str) {
    let status = &mut object["status"];
    if resource == ORDERS {
        status["state"] = json!("valid");
        return;
    }
    let issued = Some(("Issued", "Certificate fetched from issuer successfully"));
    set_condition(&mut status["conditions"], now, "Ready", true, issued);
}
