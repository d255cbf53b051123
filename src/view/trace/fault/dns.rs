//! Faults of this part of the path.

use crate::view::trace::fault::faults;

faults! {
    DNS_CNAME_HOST "DNS-CNAME-HOST" Broken "{{host}} reaches the cluster, because DNS makes it another name of {{target}}, but no rule lists {{host}}: a CNAME does not change the Host header; it would work as {{url}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].host}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/server-alias={{host}}"]
        explains ["RT-HOST-MISS", "RT-HOST-WILDCARD-DEPTH"];
}
