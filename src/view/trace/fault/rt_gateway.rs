//! Faults of routes of the Gateway API: where they attach, what they match, whom they name.

use crate::view::trace::fault::faults;

faults! {
    RT_G_PARENT "RT-G-PARENT" Broken "{{kind}} {{namespace}}/{{route}} points at a listener that does not exist: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.parentRefs} {.status.parents}'",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/parentRefs/{{index}}/{{field}}\",\"value\":{{candidate}}}]'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains ["RT-G-MATCH"];
    RT_G_NOTALLOWED "RT-G-NOTALLOWED" Broken "listener {{listener}} of {{owner}} does not admit {{kind}} {{namespace}}/{{route}}: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.status.parents}'",
            "kubectl -n {{owner_namespace}} patch {{owner_resource}} {{owner_name}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/listeners/{{listener_index}}/allowedRoutes/{{field}}\",\"value\":{{value}}}]'",
            "kubectl label namespace {{namespace}} {{labels}}"]
        explains ["RT-G-MATCH"];
    RT_G_HOST "RT-G-HOST" Broken "the hosts of {{kind}} {{namespace}}/{{route}} ({{hosts}}) and of {{place}} do not meet{{said}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.hostnames}'",
            "kubectl -n {{owner_namespace}} patch {{owner_resource}} {{owner_name}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/listeners/-\",\"value\":{\"name\":\"{{new_name}}\",\"hostname\":\"{{host}}\",\"port\":{{port}},\"protocol\":\"{{protocol}}\",\"allowedRoutes\":{\"namespaces\":{\"from\":\"{{from}}\"}}}}]'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains ["RT-G-MATCH", "GW-NO-LISTENER-PORT"];
    RT_G_HOST_PARTIAL "RT-G-HOST-PARTIAL" Warn "{{kind}} {{namespace}}/{{route}} lists {{outside}}, which no listener that it is attached to covers ({{have}}), so that name is ignored"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.hostnames}'",
            "kubectl -n {{gateway_namespace}} patch gateway {{gateway}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/listeners/-\",\"value\":{\"name\":\"{{new_name}}\",\"hostname\":\"{{outside}}\",\"port\":{{port}},\"protocol\":\"{{protocol}}\"}}]'"]
        explains ["RT-G-MATCH", "GW-NO-LISTENER-PORT"];
    RT_G_NOSTATUS "RT-G-NOSTATUS" Broken "{{kind}} {{namespace}}/{{route}} is not taken by {{parent}}: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.status.parents}'",
            "kubectl get gatewayclass {{class}} -o jsonpath='{.spec.controllerName} {.status}'",
            "kubectl -n {{namespace}} edit {{resource}} {{edited}}"]
        explains ["RT-G-MATCH"];
    RT_G_RIVAL "RT-G-RIVAL" Broken "{{kind}} {{namespace}}/{{route}} and {{rival}} are both for {{host}} at listener {{listener}} of {{owner}}, and {{effect}}"
        fix ["kubectl get httproute,grpcroute -A -o custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name,HOSTS:.spec.hostnames,CREATED:.metadata.creationTimestamp",
            "kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.status.parents}'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains ["RT-G-MATCH", "RT-G-NOTALLOWED", "RT-G-NOSTATUS"];
    RT_G_SHADOW "RT-G-SHADOW" Warn "{{loser_rule}} of {{loser}} matches too, but {{winner_rule}} of {{winner}} is preferred because {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{name}} -o yaml",
            "kubectl -n {{namespace}} edit {{resource}} {{name}}"]
        explains [];
    RT_G_MATCH "RT-G-MATCH" Broken "no rule of {{listener}} takes the request: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{range .spec.rules[*]}{.matches}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}",
            "kubectl get {{routes}} -A"]
        explains [];
    RT_G_BACKEND "RT-G-BACKEND" Broken "{{kind}} {{namespace}}/{{route}} names a backend that cannot be used, {{backend}}: {{why}}; {{effect}}"
        fix ["kubectl -n {{backend_namespace}} get svc",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"add\",\"path\":\"{{pointer}}/{{field}}\",\"value\":\"{{candidate}}\"}]'",
            "kubectl apply -f - <<< '{\"apiVersion\":\"gateway.networking.k8s.io/v1beta1\",\"kind\":\"ReferenceGrant\",\"metadata\":{\"name\":\"from-{{namespace}}\",\"namespace\":\"{{grant_namespace}}\"},\"spec\":{\"from\":[{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"{{kind}}\",\"namespace\":\"{{namespace}}\"}],\"to\":[{\"group\":\"\",\"kind\":\"Service\",\"name\":\"{{backend_name}}\"}]}}'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains [];
    RT_G_GRANT "RT-G-GRANT" Broken "{{kind}} {{namespace}}/{{route}} names {{backend}} of another namespace: {{backend_namespace}} has no ReferenceGrant for it{{near}}, so {{effect}}"
        fix ["kubectl -n {{backend_namespace}} get referencegrant -o yaml",
            "kubectl apply -f - <<< '{\"apiVersion\":\"gateway.networking.k8s.io/v1beta1\",\"kind\":\"ReferenceGrant\",\"metadata\":{\"name\":\"from-{{namespace}}\",\"namespace\":\"{{backend_namespace}}\"},\"spec\":{\"from\":[{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"{{kind}}\",\"namespace\":\"{{namespace}}\"}],\"to\":[{\"group\":\"{{backend_group}}\",\"kind\":\"{{backend_kind}}\"}]}}'"]
        explains ["RT-G-BACKEND", "RT-G-PORT"];
    RT_G_PORT "RT-G-PORT" Broken "{{kind}} {{namespace}}/{{route}} names port {{port}} of {{backend}}, which has {{have}}: {{why}}, so {{effect}}"
        fix ["kubectl -n {{backend_namespace}} get svc {{backend_name}} -o jsonpath='{.spec.ports}'",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"add\",\"path\":\"{{pointer}}/port\",\"value\":{{candidate}}}]'"]
        explains [];
    RT_G_WEIGHT0 "RT-G-WEIGHT0" Broken "{{rule}} of {{kind}} {{namespace}}/{{route}} sends nothing to anyone ({{why}}), so {{effect}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.rules[{{index}}].backendRefs}'",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"add\",\"path\":\"{{pointer}}/weight\",\"value\":1}]'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains [];
    RT_G_PARTIAL "RT-G-PARTIAL" Broken "{{share}} % of the requests fail with {{status}}: {{backends}} of {{kind}} {{namespace}}/{{route}} cannot be used"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.rules[{{index}}].backendRefs}'",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"add\",\"path\":\"{{pointer}}/weight\",\"value\":0}]'"]
        explains ["RT-G-BACKEND", "RT-G-GRANT", "RT-G-PORT"];
    RT_G_PARTIALLY_INVALID "RT-G-PARTIALLY-INVALID" Warn "{{kind}} {{namespace}}/{{route}} is served only in part: {{reason}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.status.parents}'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains [];
    RT_G_FILTERS "RT-G-FILTERS" Broken "{{kind}} {{namespace}}/{{route}} is refused for its filters: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{route}} -o jsonpath='{.spec.rules[*].filters}'",
            "kubectl -n {{namespace}} patch {{resource}} {{route}} --type=json -p '[{\"op\":\"remove\",\"path\":\"/spec/rules/{{rule}}/filters/{{filter}}\"}]'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains ["RT-G-MATCH"];
    RT_G_EXTNAME "RT-G-EXTNAME" Warn "{{kind}} {{namespace}}/{{route}} leads to {{backend}}, an ExternalName ({{target}}): most Gateways do not follow those and answer 500 or 503"
        fix ["kubectl -n {{backend_namespace}} get svc {{backend_name}} -o jsonpath='{.spec.externalName}'",
            "kubectl -n {{namespace}} edit {{resource}} {{route}}"]
        explains [];
    RT_G_421 "RT-G-421" Warn "{{why}}: {{controller}} answers 421 to such requests, and browsers that share one connection between the names meet it"
        fix ["kubectl -n {{namespace}} get gateway {{gateway}} -o jsonpath='{range .spec.listeners[*]}{.name}{\" \"}{.hostname}{\" \"}{.tls.certificateRefs[*].name}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} edit gateway {{gateway}}"]
        explains ["RT-G-MATCH"];
    RT_G_TLSROUTE "RT-G-TLSROUTE" Broken "the handshake for {{sni}} at listener {{listener}} of {{owner}} is cut: {{why}}"
        fix ["kubectl -n {{owner_namespace}} get {{owner_resource}} {{owner_name}} -o jsonpath='{.spec.listeners[{{listener_index}}]}'",
            "kubectl get tlsroute,httproute -A",
            "kubectl -n {{owner_namespace}} edit {{owner_resource}} {{owner_name}}"]
        explains ["RT-G-MATCH", "RT-G-NOTALLOWED"];
}
