//! Faults before the cluster: names that do not lead here, and what a CDN answers in its place.

use crate::view::trace::fault::faults;

faults! {
    DNS_NXDOMAIN "DNS-NXDOMAIN" Broken "{{host}} does not exist in DNS, so clients cannot resolve it; it needs a record that leads to {{wanted}}"
        fix ["dig +noall +comments +answer {{host}}",
            "kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o jsonpath='{.items[*].endpoints[*].hostname}'",
            "kubectl -n {{namespace}} annotate {{resource}} external-dns.alpha.kubernetes.io/hostname={{host}}"]
        explains [];
    DNS_NODATA "DNS-NODATA" Broken "{{name}} exists in DNS and has no address, so clients cannot connect to {{host}}; it needs a record that leads to {{wanted}}"
        fix ["dig +noall +comments +answer {{name}} ANY",
            "kubectl -n {{namespace}} annotate {{resource}} external-dns.alpha.kubernetes.io/hostname={{name}}"]
        explains [];
    DNS_CNAME_DANGLING "DNS-CNAME-DANGLING" Broken "{{host}} points at {{target}}, which does not exist in DNS, so clients cannot resolve it; it must point at {{wanted}}"
        fix ["dig +noall +answer {{host}} CNAME",
            "kubectl -n {{namespace}} annotate {{resource}} external-dns.alpha.kubernetes.io/hostname={{host}}"]
        explains ["DNS-NXDOMAIN"];
    DNS_LOOP "DNS-LOOP" Broken "DNS names point at each other ({{chain}}), so {{host}} never resolves; one of them must lead to {{wanted}}"
        fix ["dig +noall +answer {{host}} CNAME",
            "kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.status.loadBalancer.ingress}'"]
        explains [];
    DNS_WRONG_LB "DNS-WRONG-LB" Broken "DNS says {{found}} for {{host}}, and {{gate}} is at {{wanted}}: requests go elsewhere; the record must say {{wanted}}"
        fix ["kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.status}'",
            "kubectl -n {{namespace}} annotate {{resource}} external-dns.alpha.kubernetes.io/hostname={{host}}"]
        explains ["CTL-CLASS-FOREIGN", "RT-HOST-MISS"];
    DNS_PARTIAL "DNS-PARTIAL" Warn "only {{ours}} of {{all}} DNS addresses of {{host}} belong to this cluster: requests that take {{stale}} fail"
        fix ["dig +noall +answer {{host}}",
            "kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.status}'"]
        explains [];
    DNS_AAAA_DEAD "DNS-AAAA-DEAD" Warn "{{host}} has the IPv6 address {{address}}, and {{gate}} has none: clients that prefer IPv6 wait or fail; drop the AAAA record, or make the Service dual-stack"
        fix ["kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.spec.ipFamilies} {.status}'",
            "kubectl -n {{namespace}} patch {{resource}} -p '{\"spec\":{\"ipFamilyPolicy\":\"PreferDualStack\"}}'"]
        explains [];
    DNS_PRIVATE "DNS-PRIVATE" Warn "{{host}} resolves to {{address}}, an address of a private network: only clients inside of it get there"
        fix ["dig +noall +answer {{host}}",
            "kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.status}'"]
        explains [];
    DNS_WILDCARD_GAP "DNS-WILDCARD-GAP" Broken "the wildcard record {{wildcard}} does not cover {{host}} ({{why}}), so clients cannot resolve it; {{host}} needs a record of its own that leads to {{wanted}}"
        fix ["dig +noall +comments +answer {{host}}",
            "kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o jsonpath='{.items[*].endpoints[*].hostname}'",
            "kubectl -n {{namespace}} annotate {{resource}} external-dns.alpha.kubernetes.io/hostname={{host}}"]
        explains ["DNS-NXDOMAIN", "DNS-NODATA"];
    DNS_CNAME_HOST "DNS-CNAME-HOST" Broken "{{host}} reaches the cluster, because DNS makes it another name of {{target}}, but no rule lists {{host}}: a CNAME does not change the Host header; it would work as {{url}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].host}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/server-alias={{host}}"]
        explains ["RT-HOST-MISS", "RT-HOST-WILDCARD-DEPTH"];
    DNS_EXTDNS_OWNER "DNS-EXTDNS-OWNER" Warn "the DNS record of {{host}} belongs to {{owner}}, and {{wanted}}: external-dns leaves the record as it is"
        fix ["dig +noall +answer {{host}} TXT",
            "kubectl -n {{namespace}} annotate --overwrite {{resource}} {{annotation}}={{host}}"]
        explains [];
    DNS_STATUS_HOSTNAME "DNS-STATUS-HOSTNAME" Warn "{{gate}} reports the hostname {{hostname}}, which has no DNS record, so it cannot be compared with what DNS says for {{host}}; {{hostname}} needs a record with the load balancer's address"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.status.loadBalancer.ingress}'",
            "dig +noall +comments +answer {{hostname}}"]
        explains [];
    CDN_HIDDEN "CDN-HIDDEN" Info "{{cdn}} answers first for {{host}} ({{found}}): to which address it forwards cannot be seen from here"
        fix ["dig +noall +answer {{host}}"]
        explains [];
    CDN_52X "CDN-52X" Broken "{{cdn}} answers {{status}} for {{host}}: it {{why}} at its origin; the origin must be {{wanted}}, and its firewall and source ranges must let the CDN in"
        fix ["curl -sSI {{url}}",
            "kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.spec.loadBalancerSourceRanges} {.status}'"]
        explains ["CDN-HIDDEN"];
    CDN_525_526 "CDN-525-526" Broken "{{cdn}} answers {{status}} for {{host}}: it {{why}} of its origin; the origin must serve a certificate for {{host}} that the CDN trusts"
        fix ["openssl s_client -connect {{origin}} -servername {{host}} </dev/null | openssl x509 -noout -subject -issuer -dates",
            "kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.status}'"]
        explains ["CDN-HIDDEN"];
    CDN_FLEX_LOOP "CDN-FLEX-LOOP" Broken "{{cdn}} speaks http to the cluster and {{by}} redirects http to https, so {{host}} redirects for ever; the CDN must speak https to its origin (Full, strict)"
        fix ["curl -sSI {{url}}",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} {{off}}"]
        explains ["RT-REDIRECT-LOOP", "CDN-HIDDEN"];
}
