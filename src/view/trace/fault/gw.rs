//! Faults of Gateways, their classes, listeners, certificates and policies.

use crate::view::trace::fault::faults;

faults! {
    GW_CLASS "GW-CLASS" Broken "Gateway {{namespace}}/{{gateway}} is served by nobody: {{why}}"
        fix ["kubectl get gatewayclass",
            "kubectl -n {{namespace}} patch gateway {{gateway}} --type=merge -p '{\"spec\":{\"gatewayClassName\":\"{{candidate}}\"}}'",
            "kubectl describe gatewayclass {{class}}"]
        explains ["GW-NOADDR", "RT-G-NOSTATUS"];
    GW_STALE "GW-STALE" Warn "the status of {{object}} describes generation {{observed}}, the object is at {{generation}}: its controller has not answered the last change, so what it says may not be true any more"
        fix ["kubectl {{scope}}get {{resource}} {{name}} -o jsonpath='{.metadata.generation} {.status}'",
            "kubectl get gatewayclass {{class}} -o jsonpath='{.spec.controllerName}'"]
        explains [];
    GW_NOADDR "GW-NOADDR" Broken "Gateway {{namespace}}/{{gateway}} has no address ({{reason}}), so {{effect}}"
        fix ["kubectl -n {{namespace}} describe gateway {{gateway}}",
            "kubectl get svc -A -l gateway.networking.k8s.io/gateway-name={{gateway}}"]
        explains [];
    GW_LISTENER "GW-LISTENER" Broken "{{what}} of {{owner}} is broken: {{reason}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{name}} -o jsonpath='{.status}'",
            "kubectl -n {{namespace}} edit {{resource}} {{name}}"]
        explains ["GW-NO-LISTENER-PORT"];
    GW_CONFLICT "GW-CONFLICT" Broken "listener {{listener}} of {{owner}} collides with {{other}} on port {{port}} ({{reason}}), so it serves no request ({{host}})"
        fix ["kubectl -n {{namespace}} get {{resource}} {{name}} -o jsonpath='{range .spec.listeners[*]}{.name}{\" \"}{.port}{\" \"}{.protocol}{\" \"}{.hostname}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} edit {{resource}} {{name}}"]
        explains ["GW-LISTENER", "RT-G-MATCH"];
    GW_CERTREF "GW-CERTREF" Broken "listener {{listener}} of {{owner}} cannot use its certificate {{secret}}: {{why}}, so TLS fails"
        fix ["kubectl -n {{namespace}} get {{resource}} {{name}} -o jsonpath='{.spec.listeners[{{index}}].tls}'",
            "kubectl -n {{secret_namespace}} get secret {{secret_name}}",
            "kubectl -n {{namespace}} patch {{resource}} {{name}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/listeners/{{index}}/tls/certificateRefs/{{at}}\",\"value\":{\"kind\":\"Secret\",\"namespace\":\"{{secret_namespace}}\",\"name\":\"{{candidate}}\"}}]'",
            "kubectl -n {{missing_namespace}} create secret tls {{secret_name}} --cert={{secret_name}}.crt --key={{secret_name}}.key",
            "kubectl get referencegrant -n {{grant_namespace}}",
            "kubectl apply -f - <<< '{\"apiVersion\":\"gateway.networking.k8s.io/v1beta1\",\"kind\":\"ReferenceGrant\",\"metadata\":{\"name\":\"from-{{namespace}}\",\"namespace\":\"{{grant_namespace}}\"},\"spec\":{\"from\":[{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"{{owner_kind}}\",\"namespace\":\"{{namespace}}\"}],\"to\":[{\"group\":\"\",\"kind\":\"Secret\",\"name\":\"{{secret_name}}\"}]}}'"]
        explains ["GW-LISTENER", "TL-SECRET-MISSING"];
    GW_NO_LISTENER_PORT "GW-NO-LISTENER-PORT" Broken "Gateway {{namespace}}/{{gateway}} has no listener for {{wanted}} (it has: {{have}})"
        fix ["kubectl -n {{namespace}} get gateway {{gateway}} -o jsonpath='{range .spec.listeners[*]}{.name}{\" \"}{.port}{\" \"}{.protocol}{\" \"}{.hostname}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} patch gateway {{gateway}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/listeners/-\",\"value\":{\"name\":\"{{new_name}}\",\"port\":{{port}},\"protocol\":\"{{protocol}}\"}}]'",
            "kubectl -n {{namespace}} edit gateway {{gateway}}"]
        explains [];
    GW_BTP "GW-BTP" Broken "BackendTLSPolicy {{namespace}}/{{policy}} for Service {{service}} is broken: {{reason}}, so {{effect}}"
        fix ["kubectl -n {{namespace}} get backendtlspolicy {{policy}} -o jsonpath='{.spec.validation} {.status.ancestors}'",
            "kubectl -n {{namespace}} edit backendtlspolicy {{policy}}"]
        explains [];
    GW_LS_NOTALLOWED "GW-LS-NOTALLOWED" Broken "ListenerSet {{namespace}}/{{set}} does not join Gateway {{parent}}: {{why}}, so its listeners serve nobody"
        fix ["kubectl -n {{gateway_namespace}} get gateway {{gateway}} -o jsonpath='{.spec.allowedListeners}'",
            "kubectl -n {{gateway_namespace}} patch gateway {{gateway}} --type=merge -p '{\"spec\":{\"allowedListeners\":{\"namespaces\":{\"from\":\"{{from}}\"}}}}'",
            "kubectl label namespace {{namespace}} {{labels}}",
            "kubectl get gateway -A",
            "kubectl -n {{namespace}} patch {{resource}} {{set}} --type=merge -p '{\"spec\":{\"parentRef\":{{candidate}}}}'"]
        explains ["GW-NO-LISTENER-PORT", "RT-G-MATCH"];
    GW_LS_PARENTREF "GW-LS-PARENTREF" Broken "{{kind}} {{namespace}}/{{route}} asks Gateway {{gateway}} for section {{section}}, which belongs to ListenerSet {{set}}, so it is not attached"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.parentRefs}'",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/parentRefs/{{index}}\",\"value\":{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"ListenerSet\",\"namespace\":\"{{set_namespace}}\",\"name\":\"{{set_name}}\",\"sectionName\":\"{{section}}\"}}]'"]
        explains ["RT-G-PARENT", "RT-G-MATCH"];
    GW_MIXED "GW-MIXED" Warn "{{host}} is on {{ingress}} and on {{route}}: they enter by different load balancers, so DNS decides which one answers"
        fix ["kubectl get ingress,httproute -A",
            "kubectl -n {{namespace}} edit ingress {{name}}"]
        explains [];
}
