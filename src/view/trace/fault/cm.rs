//! Faults of cert-manager: why there is no better certificate.

use crate::view::trace::fault::faults;

faults! {
    CM_NOT_INSTALLED "CM-NOT-INSTALLED" Broken "{{owner}} asks cert-manager for a certificate ({{annotation}}), but cert-manager is not installed: nobody makes Secret {{namespace}}/{{secret}}"
        fix ["kubectl get crd certificates.cert-manager.io",
            "helm install cert-manager oci://quay.io/jetstack/charts/cert-manager -n cert-manager --create-namespace --set crds.enabled=true"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK"];
    CM_NO_CERT "CM-NO-CERT" Broken "cert-manager has made no Certificate for {{host}} of {{owner}}: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.metadata.annotations} {.spec.tls}'",
            "kubectl -n {{namespace}} annotate {{resource}} {{wrong}}- {{right}}={{value}}",
            "kubectl -n {{namespace}} annotate {{resource}} {{extra}}-",
            "kubectl -n {{namespace}} patch {{resource}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/tls/{{entry}}/secretName\",\"value\":\"{{new_secret}}\"}]'",
            "kubectl -n {{manager}} logs deploy/cert-manager --tail=100"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "TL-NONE", "TL-HOST-NOT-IN-TLS", "CM-WEBHOOK"];
    CM_ISSUER_MISSING "CM-ISSUER-MISSING" Broken "{{issuer}}, which {{asker}} asks, does not exist{{hint}}: nobody signs the certificate for {{host}}"
        fix ["kubectl get clusterissuer,issuer -A",
            "kubectl -n {{namespace}} patch certificate {{certificate}} --type=merge -p '{\"spec\":{\"issuerRef\":{\"kind\":\"{{near_kind}}\",\"name\":\"{{near}}\"}}}'",
            "kubectl -n {{namespace}} annotate --overwrite {{annotated}} {{near_annotation}}={{near}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_ISSUER_NS "CM-ISSUER-NS" Broken "Issuer {{name}} is in namespace {{there}}, but {{asker}} is in {{namespace}} and an Issuer signs only in its own: nobody signs the certificate for {{host}}"
        fix ["kubectl get issuer -A",
            "kubectl -n {{there}} get issuer {{name}} -o yaml | sed 's/namespace: {{there}}/namespace: {{namespace}}/' | kubectl apply -f -"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_ISSUER_NOTREADY "CM-ISSUER-NOTREADY" Broken "{{issuer}}, which signs the certificate for {{host}}, is not ready: {{why}}"
        fix ["kubectl get clusterissuer,issuer -A -o wide",
            "kubectl describe clusterissuer {{cluster_issuer}}",
            "kubectl -n {{namespace}} describe issuer {{namespaced_issuer}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CR_DENIED "CM-CR-DENIED" Broken "CertificateRequest {{namespace}}/{{request}} for {{host}} was refused: {{why}}"
        fix ["kubectl -n {{namespace}} describe certificaterequest {{request}}",
            "kubectl -n {{namespace}} delete certificaterequest {{request}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK"];
    CM_CR_UNAPPROVED "CM-CR-UNAPPROVED" Broken "CertificateRequest {{namespace}}/{{request}} for {{host}} has waited {{age}} to be approved: nobody signs what is not approved"
        fix ["kubectl -n {{namespace}} describe certificaterequest {{request}}",
            "cmctl approve {{request}} -n {{namespace}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK"];
    CM_RATE "CM-RATE" Broken "the ACME server gives no more certificates for {{host}} for now ({{retry}}): {{why}}"
        fix ["kubectl -n {{namespace}} describe {{object}}",
            "kubectl get clusterissuer -o wide"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CAA "CM-CAA" Broken "a CAA record of DNS forbids the issuer to sign for {{host}}: {{why}}"
        fix ["dig +short CAA {{host}}",
            "kubectl -n {{namespace}} describe {{object}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CH_EXACT "CM-CH-EXACT" Broken "the challenge for {{host}} cannot be set up, because the admission webhook of ingress-nginx takes no dot in a path of type Exact: {{why}}"
        fix ["kubectl -n {{namespace}} describe challenge {{challenge}}",
            "helm upgrade cert-manager oci://quay.io/jetstack/charts/cert-manager -n cert-manager --reuse-values --set 'config.featureGates.ACMEHTTP01IngressPathTypeExact=false'",
            "kubectl -n ingress-nginx patch cm ingress-nginx-controller --type=merge -p '{\"data\":{\"strict-validate-path-type\":\"false\"}}'"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CH_CLASS "CM-CH-CLASS" Broken "the Ingress that answers the challenge for {{host}} {{what}}: no controller serves the answer"
        fix ["kubectl get ingressclass",
            "kubectl -n {{namespace}} get ingress -l acme.cert-manager.io/http01-solver=true",
            "kubectl patch clusterissuer {{cluster_issuer}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/acme/solvers/0/http01/ingress\",\"value\":{\"ingressClassName\":\"{{class}}\"}}]'",
            "kubectl -n {{namespace}} patch issuer {{namespaced_issuer}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/acme/solvers/0/http01/ingress\",\"value\":{\"ingressClassName\":\"{{class}}\"}}]'"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID", "CM-CH-404"];
    CM_CH_SOLVER "CM-CH-SOLVER" Broken "the pod that answers the challenge for {{host}} {{what}}: the ACME server gets no answer"
        fix ["kubectl -n {{namespace}} get pods,svc -l acme.cert-manager.io/http01-solver=true",
            "kubectl -n {{namespace}} describe pod {{pod}}",
            "kubectl -n {{namespace}} get networkpolicy {{policy}} -o yaml",
            "kubectl -n {{namespace}} describe challenge {{challenge}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID", "CM-CH-404", "CM-CH-TIMEOUT"];
    CM_CH_404 "CM-CH-404" Broken "nobody serves the challenge URL http://{{host}}/.well-known/acme-challenge/{{token}}: {{why}}"
        fix ["kubectl -n {{namespace}} describe challenge {{challenge}}",
            "kubectl -n {{namespace}} get {{solver}} -l acme.cert-manager.io/http01-solver=true",
            "curl -i http://{{host}}/.well-known/acme-challenge/{{token}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CH_DNS "CM-CH-DNS" Broken "the ACME server cannot find {{host}}, because public DNS does not lead here: {{why}}"
        fix ["dig +short {{host}}",
            "kubectl -n {{namespace}} describe challenge {{challenge}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CH_TIMEOUT "CM-CH-TIMEOUT" Broken "port 80 of {{host}} cannot be reached for the challenge (from outside, or from cert-manager's own pod): {{why}}"
        fix ["kubectl -n {{namespace}} describe challenge {{challenge}}",
            "curl -i http://{{host}}/.well-known/acme-challenge/{{token}}",
            "kubectl get svc -A --field-selector spec.type=LoadBalancer"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_CH_REDIRECT "CM-CH-REDIRECT" Warn "the challenge for {{host}} is redirected to where its answer is not: {{why}}"
        fix ["curl -iL http://{{host}}/.well-known/acme-challenge/{{token}}",
            "kubectl -n {{namespace}} describe challenge {{challenge}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_DNS01 "CM-DNS01" Broken "the TXT record _acme-challenge.{{host}} that proves the name is not to be seen: {{why}}"
        fix ["dig +short TXT _acme-challenge.{{host}}",
            "kubectl -n {{namespace}} describe challenge {{challenge}}",
            "kubectl get clusterissuer {{cluster_issuer}} -o jsonpath='{.spec.acme.solvers}'",
            "kubectl -n {{namespace}} get issuer {{namespaced_issuer}} -o jsonpath='{.spec.acme.solvers}'"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK", "CM-ORDER-INVALID"];
    CM_ORDER_INVALID "CM-ORDER-INVALID" Broken "{{what}} for {{host}} failed: {{why}}"
        fix ["kubectl -n {{namespace}} describe certificate,certificaterequest,order,challenge",
            "kubectl -n {{namespace}} delete certificaterequest {{request}}"]
        explains ["TL-SECRET-MISSING", "TL-SECRET-NS", "TL-SECRET-TYPE", "TL-PARSE", "TL-KEYPAIR", "TL-SAN", "TL-WILDCARD-DEPTH",
            "TL-EXPIRED", "TL-SOON", "TL-SELF", "TL-STAGING", "CM-BACKOFF", "CM-RENEW-STUCK"];
    CM_SECRET_SHARED "CM-SECRET-SHARED" Broken "{{certificates}} both write Secret {{namespace}}/{{secret}}: each overwrites what the other one made"
        fix ["kubectl -n {{namespace}} get certificate -o custom-columns=NAME:.metadata.name,SECRET:.spec.secretName",
            "kubectl -n {{namespace}} patch certificate {{other}} --type=merge -p '{\"spec\":{\"secretName\":\"{{new_secret}}\"}}'"]
        explains ["TL-SAN", "TL-WILDCARD-DEPTH", "TL-KEYPAIR", "TL-SECRET-MISSING", "CM-SECRET-EDITED"];
    CM_BACKOFF "CM-BACKOFF" Warn "Certificate {{namespace}}/{{certificate}} has failed {{failures}} times, last at {{last}}: cert-manager tries again at {{next}}, and not before"
        fix ["kubectl -n {{namespace}} describe certificate {{certificate}}",
            "cmctl renew {{certificate}} -n {{namespace}}"]
        explains ["TL-SOON"];
    CM_RENEW_STUCK "CM-RENEW-STUCK" Warn "Certificate {{namespace}}/{{certificate}} should have been renewed at {{renewal}}, {{since}} ago, and nobody does: {{why}}"
        fix ["kubectl -n {{namespace}} describe certificate {{certificate}}",
            "cmctl renew {{certificate}} -n {{namespace}}"]
        explains ["TL-SOON", "TL-EXPIRED"];
    CM_SECRET_EDITED "CM-SECRET-EDITED" Warn "Secret {{namespace}}/{{secret}} is not what cert-manager wrote for Certificate {{certificate}} ({{reason}}): {{why}}"
        fix ["kubectl -n {{namespace}} describe certificate {{certificate}}",
            "cmctl renew {{certificate}} -n {{namespace}}"]
        explains [];
    CM_SPEC_CHANGED "CM-SPEC-CHANGED" Info "Certificate {{namespace}}/{{certificate}} was changed, so a new certificate is being issued: {{why}}"
        fix ["kubectl -n {{namespace}} describe certificate {{certificate}}"]
        explains [];
    CM_WEBHOOK "CM-WEBHOOK" Warn "nobody answers for cert-manager's webhook ({{why}}): its objects cannot be applied or changed"
        fix ["kubectl -n {{manager}} get pods,svc,endpointslices",
            "kubectl -n {{manager}} scale {{idle}} --replicas=1",
            "kubectl -n {{manager}} rollout restart deploy/cert-manager-{{part}}"]
        explains ["TL-SECRET-MISSING"];
}
