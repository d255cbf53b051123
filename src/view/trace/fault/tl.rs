//! Faults of this part of the path.

use crate::view::trace::fault::faults;

faults! {
    TL_HOST_NOT_IN_TLS "TL-HOST-NOT-IN-TLS" Broken "{{host}} has a rule in Ingress {{namespace}}/{{ingress}}, but is none of its tls.hosts ({{have}}): clients are shown the default certificate"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.tls}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/tls/0/hosts/-\",\"value\":\"{{host}}\"}]'"]
        explains [];
    TL_NONE "TL-NONE" Warn "no Ingress has TLS for {{host}}: clients are shown the default certificate of the controller"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.tls}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=merge -p '{\"spec\":{\"tls\":[{\"hosts\":[\"{{host}}\"],\"secretName\":\"{{secret}}\"}]}}'"]
        explains [];
    TL_DUP_OWNER "TL-DUP-OWNER" Warn "{{owner}} and Ingress {{namespace}}/{{ingress}} both set TLS for {{host}}: the older one, {{owner}}, decides, so Secret {{secret}} is not served"
        fix ["kubectl get ingress -A --sort-by=.metadata.creationTimestamp",
            "kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.tls}'"]
        explains [];
}
