//! Faults of the certificate that a client is shown.

use crate::view::trace::fault::faults;

faults! {
    TL_HOST_NOT_IN_TLS "TL-HOST-NOT-IN-TLS" Broken "{{host}} has a rule in Ingress {{namespace}}/{{ingress}}, but is none of its tls.hosts ({{have}}): {{consequence}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.tls}'",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/tls/{{entry}}/hosts/-\",\"value\":\"{{host}}\"}]'"]
        explains [];
    TL_NONE "TL-NONE" Warn "no Ingress has TLS for {{host}}{{hint}}: {{consequence}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.tls}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} cert-manager.io/cluster-issuer={{better_issuer}}",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"add\",\"path\":\"{{pointer}}\",\"value\":{{value}}}]'",
            "kubectl -n {{namespace}} edit ingress {{hostless}}",
            "kubectl get ingress -A",
            "kubectl -n {{config_namespace}} get configmap {{config}} -o jsonpath='{.data.ssl-reject-handshake}'",
            "kubectl -n {{namespace}} get ingressroute {{route}} -o jsonpath='{.spec.tls}'",
            "kubectl -n {{namespace}} edit ingressroute {{route}}"]
        explains [];
    TL_MANAGED "TL-MANAGED" Broken "ManagedCertificate {{namespace}}/{{certificate}}, which Ingress {{ingress}} names for HTTPS, {{why}}: {{effect}}"
        fix ["kubectl -n {{namespace}} get managedcertificates -o yaml",
            "kubectl -n {{namespace}} edit managedcertificate {{certificate}}",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    TL_DUP_OWNER "TL-DUP-OWNER" Warn "{{owner}} and Ingress {{namespace}}/{{ingress}} both set TLS for {{host}}: the older one, {{owner}}, decides, so Secret {{secret}} is not served"
        fix ["kubectl get ingress -A --sort-by=.metadata.creationTimestamp",
            "kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.tls}'"]
        explains [];
    TL_SECRET_MISSING "TL-SECRET-MISSING" Broken "{{owner}} names Secret {{namespace}}/{{secret}} for {{host}}, which does not exist{{hint}}: {{consequence}}"
        fix ["kubectl -n {{namespace}} get secrets --field-selector type=kubernetes.io/tls",
            "kubectl -n {{namespace}} describe certificate {{certificate}}",
            "kubectl -n {{namespace}} patch {{resource}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}\",\"value\":\"{{near}}\"}]'",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key"]
        explains [];
    TL_SECRET_NS "TL-SECRET-NS" Broken "Secret {{secret}} is in namespace {{there}}, but {{owner}} looks for it in {{namespace}}: {{consequence}}"
        fix ["kubectl get secrets -A --field-selector metadata.name={{secret}}",
            "kubectl -n {{namespace}} create secret tls {{secret}} --cert={{secret}}.crt --key={{secret}}.key"]
        explains [];
    TL_SECRET_TYPE "TL-SECRET-TYPE" Broken "Secret {{namespace}}/{{secret}} has no {{missing}} (type {{type}}, keys: {{keys}}), so it is no TLS Secret: {{consequence}}"
        fix ["kubectl -n {{namespace}} describe secret {{secret}}",
            "kubectl -n {{namespace}} delete secret {{secret}} && kubectl -n {{namespace}} create secret tls {{secret}} --cert={{secret}}.crt --key={{secret}}.key"]
        explains [];
    TL_PARSE "TL-PARSE" Broken "{{entry}} of Secret {{namespace}}/{{secret}} cannot be read ({{why}}): {{consequence}}"
        fix ["kubectl -n {{namespace}} get secret {{crt_of}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates",
            "kubectl -n {{namespace}} get secret {{key_of}} -o jsonpath='{.data.tls\\.key}' | base64 -d | openssl pkey -noout -text_pub",
            "kubectl -n {{namespace}} create secret tls {{secret}} --cert={{secret}}.crt --key={{secret}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_KEYPAIR "TL-KEYPAIR" Broken "tls.key of Secret {{namespace}}/{{secret}} does not belong to the certificate in its tls.crt ({{subject}}): {{consequence}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -pubkey",
            "kubectl -n {{namespace}} create secret tls {{secret}} --cert={{secret}}.crt --key={{secret}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_SAN "TL-SAN" Broken "the certificate in Secret {{namespace}}/{{secret}} is for {{names}}, not for {{host}}: {{consequence}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates -ext subjectAltName",
            "kubectl -n {{namespace}} patch certificate {{certificate}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/dnsNames/-\",\"value\":\"{{host}}\"}]'",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_WILDCARD_DEPTH "TL-WILDCARD-DEPTH" Broken "the certificate in Secret {{namespace}}/{{secret}} is for {{wildcard}}, which stands for one label only and so not for {{host}}: {{consequence}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates -ext subjectAltName",
            "kubectl -n {{namespace}} patch certificate {{certificate}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/dnsNames/-\",\"value\":\"{{host}}\"}]'",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_EXPIRED "TL-EXPIRED" Broken "the certificate in Secret {{namespace}}/{{secret}} expired {{since}} ago, at {{date}}: clients refuse it for {{host}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates",
            "cmctl renew {{certificate}} -n {{namespace}}",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_NOTYET "TL-NOTYET" Broken "the certificate in Secret {{namespace}}/{{secret}} is valid only from {{date}}, in {{until}}: clients refuse it for {{host}} before"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates",
            "cmctl renew {{certificate}} -n {{namespace}}",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_SOON "TL-SOON" Warn "the certificate in Secret {{namespace}}/{{secret}} expires in {{until}}, at {{date}}{{hint}}: clients refuse it for {{host}} from then on"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates",
            "cmctl renew {{certificate}} -n {{namespace}}",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_SELF "TL-SELF" Broken "the certificate in Secret {{namespace}}/{{secret}} is signed by nobody but itself ({{subject}}): clients do not trust it for {{host}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -issuer",
            "kubectl -n {{namespace}} patch certificate {{certificate}} --type=merge -p '{\"spec\":{\"issuerRef\":{\"kind\":\"ClusterIssuer\",\"name\":\"{{better_issuer}}\"}}}'",
            "kubectl -n {{namespace}} create secret tls {{by_hand}} --cert={{by_hand}}.crt --key={{by_hand}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_STAGING "TL-STAGING" Broken "the certificate in Secret {{namespace}}/{{secret}} comes from a staging issuer ({{issuer}}), which is for trials: clients do not trust it for {{host}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -issuer",
            "kubectl get clusterissuer -o wide",
            "kubectl -n {{namespace}} patch certificate {{certificate}} --type=merge -p '{\"spec\":{\"issuerRef\":{\"kind\":\"ClusterIssuer\",\"name\":\"{{better_issuer}}\"}}}'"]
        explains [];
    TL_CHAIN "TL-CHAIN" Warn "tls.crt of Secret {{namespace}}/{{secret}} {{what}}: clients that do not know {{issuer}} by themselves, as phones and curl, refuse {{host}}"
        fix ["kubectl -n {{namespace}} get secret {{secret}} -o jsonpath='{.data.tls\\.crt}' | base64 -d | grep -c BEGIN",
            "cat {{host}}.crt intermediate.crt > chain.crt && kubectl -n {{namespace}} create secret tls {{secret}} --cert=chain.crt --key={{secret}}.key --dry-run=client -o yaml | kubectl apply -f -"]
        explains [];
    TL_TLSHOST_NO_RULE "TL-TLSHOST-NO-RULE" Warn "Ingress {{namespace}}/{{ingress}} has TLS for {{host}} (Secret {{secret}}) but no rule for it: {{effect}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{range .spec.rules[*]}{.host}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    TL_OPTION "TL-OPTION" Broken "TLS for {{host}}: {{why}}; {{effect}}"
        fix ["kubectl get tlsoption -A",
            "kubectl -n {{namespace}} edit tlsoption {{option}}"]
        explains ["RT-ROUTER-DROPPED"];
    TL_STORE "TL-STORE" Warn "TLS for {{host}}: {{why}}; {{effect}}"
        fix ["kubectl get tlsstore -A",
            "kubectl -n {{namespace}} edit tlsstore {{store}}"]
        explains [];
    TL_CDN_OFF "TL-CDN-OFF" Info "TLS for {{host}} ends at {{gate}}, before the cluster: the certificate that clients see is not among its objects"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.metadata.annotations}'"]
        explains [];
}
