//! Who may do what: users by token, kubeconfigs for them, rights given and taken back, tokens
//! that expire.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::authority::Identity;
use super::{ControlPlane, Request};

/// The issuer of service account tokens.
pub const ISSUER: &str = "https://kubernetes.default.svc";

/// Users and their group; `gardeners` have no rights but what a test binds to them. `viewer` may read everything through [`ControlPlane::kubeconfig`];
/// those without a group have no rights but what [`ControlPlane::grant`] gives.
pub const USERS: &[(&str, &str)] = &[
    ("admin", "system:masters"),
    ("viewer", ""),
    ("dev", ""),
    ("ops", ""),
    ("guest", ""),
    ("user-0", ""),
    ("user-1", ""),
    ("user-2", ""),
    ("user-3", ""),
    ("ops-seen", ""),
    ("ops-late", ""),
    ("keeper", ""),
    ("twin", ""),
    ("reader", ""),
    ("monkey", ""),
    ("gorilla", ""),
    ("sheller", ""),
    ("commander", ""),
    ("onlooker", ""),
    ("stranger", ""),
    ("attacher", ""),
    ("debugger", ""),
    ("copier", ""),
    ("ferryman", ""),
    ("bystander", ""),
    ("chimp", ""),
    ("gibbon", "gardeners"),
    ("guest-operator", ""),
    ("withdrawn", ""),
    ("recreator", ""),
    ("racer", ""),
    ("argonaut", ""),
    ("veteran", ""),
    ("undoer", ""),
    ("frozen", ""),
    ("kwok", "system:masters"),
    ("system:kube-controller-manager", "system:masters"),
    ("system:kube-scheduler", "system:masters"),
];

/// The bearer token of one of [`USERS`].
pub fn token(user: &str) -> String {
    assert!(USERS.iter().any(|(known, _)| *known == user), "{user} is not in USERS");
    format!("token-of-{}", user.replace(':', "-"))
}

/// The rows of the API server's token file.
pub fn token_rows() -> String {
    let rows = USERS.iter().map(|(user, group)| format!("{},{user},{user},\"{group}\"", token(user)));
    rows.collect::<Vec<_>>().join("\n")
}

/// What a role allows.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// Everywhere if there is none.
    pub namespace: Option<&'a str>,
    /// The API group, empty for core.
    pub group: &'a str,
    pub resources: &'a [&'a str],
    pub verbs: &'a [&'a str],
}

/// A right that was given, to be taken back.
pub struct Right {
    user: String,
    binding: String,
    role: String,
    question: Value,
}

impl Request {
    /// The request as one of [`USERS`].
    pub fn by(self, user: &str) -> Request {
        self.bearer(&token(user))
    }
}

impl ControlPlane {
    /// Writes a kubeconfig for one of [`USERS`], verified by the authority's certificate; its
    /// context has the user's name. `viewer` gets the right to read everything.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        if user == "viewer" {
            self.grant_reading();
        }
        self.kubeconfig_with(user, &json!({}), &json!({"token": token(user)}), None)
    }

    /// What a program that takes no kubeconfig is given: `endpoint`, `certAuthFilePath`, `token`.
    pub fn credentials(&self) -> impl Iterator<Item = (&'static str, String)> {
        let authority = self.folder().join("ca.crt").display().to_string();
        [("endpoint", self.url()), ("certAuthFilePath", authority), ("token", token("admin"))].into_iter()
    }

    /// As [`ControlPlane::kubeconfig`], with a namespace in the context.
    pub fn kubeconfig_in(&self, user: &str, namespace: &str) -> PathBuf {
        self.kubeconfig_with(user, &json!({}), &json!({"token": token(user)}), Some(namespace))
    }

    /// Writes a kubeconfig whose `user` is a certificate instead of a token.
    pub fn kubeconfig_by_certificate(&self, user: &str, group: Option<&str>) -> PathBuf {
        let identity = self.authority.client(user, group);
        let fields = json!({
            "client-certificate-data": STANDARD.encode(&identity.certificate),
            "client-key-data": STANDARD.encode(&identity.key),
        });
        self.kubeconfig_with(user, &json!({}), &fields, None)
    }

    /// Writes a kubeconfig with any fields in `cluster` (over server and authority) and `user`.
    pub fn kubeconfig_with(&self, name: &str, cluster: &Value, user: &Value, namespace: Option<&str>) -> PathBuf {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let authority = STANDARD.encode(self.authority.certificate());
        let mut all = json!({"server": self.url(), "certificate-authority-data": authority});
        for (field, value) in cluster.as_object().into_iter().flatten() {
            all[field] = value.clone();
        }
        let mut context = json!({"cluster": "real", "user": name});
        if let Some(namespace) = namespace {
            context["namespace"] = namespace.into();
        }
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": "real", "cluster": all}],
            "contexts": [{"name": name, "context": context}],
            "users": [{"name": name, "user": user}],
        });
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder().join(format!("kubeconfig-{}-{count}", name.replace(':', "-")));
        fs::write(&path, config.to_string()).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// A certificate for a server name, as an issuer would put it into a Secret.
    pub fn certificate(&self, name: &str) -> Identity {
        self.authority.site(name)
    }

    /// The certificate of the authority that signs all others, as PEM.
    pub fn authority(&self) -> String {
        self.authority.certificate()
    }

    /// Gives a user a right, and returns once the API server knows.
    pub fn grant(&self, user: &str, rule: &Rule) -> Right {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("right-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let (path, prefix) = match rule.namespace {
            Some(namespace) => (format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"), ""),
            None => ("/apis/rbac.authorization.k8s.io/v1".to_owned(), "cluster"),
        };
        let kind = if prefix.is_empty() { "Role" } else { "ClusterRole" };
        let rules = json!([{"apiGroups": [rule.group], "resources": rule.resources, "verbs": rule.verbs}]);
        self.create(&format!("{path}/{prefix}roles"), &json!({"metadata": {"name": name}, "rules": rules}));
        let binding = json!({
            "metadata": {"name": name},
            "subjects": [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}],
            "roleRef": {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"},
        });
        self.create(&format!("{path}/{prefix}rolebindings"), &binding);
        let right = Right {
            user: user.to_owned(),
            binding: format!("{path}/{prefix}rolebindings/{name}"),
            role: format!("{path}/{prefix}roles/{name}"),
            question: json!({
                "namespace": rule.namespace, "group": rule.group, "resource": rule.resources[0], "verb": rule.verbs[0],
            }),
        };
        self.wait_for("a right to be given", || self.allows(&right));
        right
    }

    /// Takes a right back, and returns once the API server refuses. (The user must not have it
    /// in another way.)
    pub fn revoke(&self, right: &Right) {
        self.delete(&right.binding);
        self.delete(&right.role);
        self.wait_for("a right to be taken back", || !self.allows(right));
    }

    fn allows(&self, right: &Right) -> bool {
        let review = json!({"spec": {"user": right.user, "resourceAttributes": right.question}});
        let answer = self.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review);
        answer["status"]["allowed"] == true
    }

    fn grant_reading(&self) {
        let everything = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: viewer}
rules:
- {apiGroups: ['*'], resources: ['*'], verbs: [get, list, watch]}
- {nonResourceURLs: ['*'], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: viewer}
subjects: [{kind: User, name: viewer, apiGroup: rbac.authorization.k8s.io}]
roleRef: {kind: ClusterRole, name: viewer, apiGroup: rbac.authorization.k8s.io}
";
        self.apply(everything);
        let path = "/api/v1/nodes?limit=1";
        self.wait_for("viewer to read", || self.send(&Request::get(path).by("viewer")).status == 200);
    }

    /// A token of a service account that the API server stops to accept in `seconds`, give or
    /// take: it allows a minute of leeway, and remembers a success for up to 10 seconds.
    pub fn expiring_token(&self, namespace: &str, account: &str, seconds: u64) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}");
        let uid = self.json(&path)["metadata"]["uid"].clone();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let expires = now + seconds - LEEWAY_SECONDS;
        let claims = json!({
            "iss": ISSUER,
            "aud": [ISSUER],
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
            "iat": expires - 3600,
            "nbf": expires - 3600,
            "exp": expires,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": uid}},
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(json!({"alg": "ES256", "typ": "JWT"})), part(claims));
        let signature = self.authority.sign_token(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// How long after its end the API server still accepts a token.
const LEEWAY_SECONDS: u64 = 60;
