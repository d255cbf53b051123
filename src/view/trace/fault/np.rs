//! Faults of policies between a caller and the pods.

use crate::view::trace::fault::faults;

faults! {
    NP_INGRESS_DENY "NP-INGRESS-DENY" Broken "NetworkPolicy {{namespace}}/{{policy}} keeps {{caller}} away from pod {{pod}}{{more}}: none of its rules lets it in to port {{port}}"
        fix ["kubectl -n {{namespace}} get networkpolicy",
             "kubectl -n {{namespace}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/ingress{{at}}\",\"value\":{{open}}{\"from\":[{\"namespaceSelector\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"{{cns}}\"}}}],\"ports\":[{\"port\":{{port}}}]}{{close}}}]'",
             "kubectl -n {{namespace}} edit networkpolicy {{policy}}"]
        explains [];
    NP_PORT "NP-PORT" Broken "NetworkPolicy {{namespace}}/{{policy}} lets {{caller}} in to port {{opened}}, but pod {{pod}}{{more}} is reached at its own port {{port}}{{hint}}"
        fix ["kubectl -n {{namespace}} get networkpolicy {{policy}} -o jsonpath='{.spec.ingress[*].ports}'",
             "kubectl -n {{namespace}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ingress/{{rule}}/ports/{{opening}}/port\",\"value\":{{port}}}]'",
             "kubectl -n {{namespace}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ingress/{{rule}}/ports/{{ranged}}\",\"value\":{\"protocol\":\"{{protocol}}\",\"port\":{{port}}}}]'",
             "kubectl -n {{namespace}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ingress/{{rule}}/ports/{{spoken}}/protocol\",\"value\":\"{{protocol}}\"}]'"]
        explains ["NP-INGRESS-DENY"];
    NP_NS_LABEL "NP-NS-LABEL" Broken "NetworkPolicy {{namespace}}/{{policy}} admits namespaces with {{wanted}}, which namespace {{cns}} of {{caller}} does not have; kubernetes.io/metadata.name={{cns}} fits"
        fix ["kubectl get namespace {{cns}} --show-labels",
             "kubectl -n {{namespace}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ingress/{{rule}}/from/{{peer}}/namespaceSelector\",\"value\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"{{cns}}\"}}}]'"]
        explains ["NP-INGRESS-DENY"];
    NP_AND_OR "NP-AND-OR" Warn "NetworkPolicy {{namespace}}/{{policy}}, rule {{rule}}: {{problem}}"
        fix ["kubectl -n {{namespace}} get networkpolicy {{policy}} -o jsonpath='{.spec.ingress[{{rule}}].from}'",
             "kubectl -n {{namespace}} edit networkpolicy {{policy}}"]
        explains [];
    NP_HOSTNET "NP-HOSTNET" Broken "NetworkPolicy {{namespace}}/{{policy}} admits pods only, but {{caller}} uses its node's network: its connections come from a node's address"
        fix ["kubectl get nodes -o jsonpath='{.items[*].status.addresses}'",
             "kubectl -n {{namespace}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/ingress/-\",\"value\":{\"from\":[{\"ipBlock\":{\"cidr\":\"{{block}}\"}}]}}]'"]
        explains ["NP-INGRESS-DENY"];
    NP_EGRESS "NP-EGRESS" Broken "NetworkPolicy {{cns}}/{{policy}} does not let {{caller}} out to pod {{namespace}}/{{pod}}{{more}} at port {{port}}"
        fix ["kubectl -n {{cns}} get networkpolicy {{policy}} -o jsonpath='{.spec.egress}'",
             "kubectl -n {{cns}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/egress{{at}}\",\"value\":{{open}}{\"to\":[{\"namespaceSelector\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"{{namespace}}\"}}}],\"ports\":[{\"port\":{{port}}}]}{{close}}}]'",
             "kubectl -n {{cns}} edit networkpolicy {{policy}}"]
        explains [];
    NP_DNS "NP-DNS" Broken "NetworkPolicy {{cns}}/{{policy}} does not let {{caller}} out to port 53, so it cannot look up {{target}}"
        fix ["kubectl -n {{cns}} get networkpolicy {{policy}} -o jsonpath='{.spec.egress}'",
             "kubectl -n {{cns}} patch networkpolicy {{policy}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/egress/-\",\"value\":{\"ports\":[{\"port\":53,\"protocol\":\"UDP\"},{\"port\":53,\"protocol\":\"TCP\"}]}}]'"]
        explains [];
    NP_ANP "NP-ANP" Broken "{{kind}} {{policy}} denies {{caller}} the way to pod {{namespace}}/{{pod}}{{more}} at port {{port}}{{rule}}"
        fix ["kubectl get {{resource}} {{policy}} -o yaml", "kubectl edit {{resource}} {{policy}}"]
        explains ["NP-INGRESS-DENY", "NP-EGRESS"];
    NP_OTHER_CNI "NP-OTHER-CNI" Info "{{kind}} {{policy}}{{more}} may rule these pods too; such policies are not evaluated"
        fix ["kubectl get {{resource}} -A"]
        explains [];
    NP_PROBE_OK "NP-PROBE-OK" Info "Pod {{namespace}}/{{pod}} is ready all the same: probes come from its node, which no policy stops"
        fix ["kubectl -n {{namespace}} get pod {{pod}} -o wide"]
        explains [];
}
