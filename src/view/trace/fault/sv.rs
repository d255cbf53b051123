//! Faults between a rule and the pods: Services, names that are other names, and endpoints.

use crate::view::trace::fault::faults;

faults! {
    SV_MISSING "SV-MISSING" Broken "Service {{namespace}}/{{service}} does not exist, so {{user}} reaches nobody{{similar}}"
        fix ["kubectl -n {{namespace}} get svc",
             "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/name\",\"value\":\"{{candidate}}\"}]'",
             "kubectl -n {{namespace}} patch httproute {{route}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/name\",\"value\":\"{{candidate}}\"}]'"]
        explains [];
    SV_OTHER_NS "SV-OTHER-NS" Broken "Service {{service}} is in namespace {{other}}, but {{user}} looks for it in {{namespace}}: {{law}}"
        fix ["kubectl -n {{other}} get svc {{service}}",
             "kubectl -n {{namespace}} create service externalname {{service}} --external-name {{service}}.{{other}}.svc.{{domain}}"]
        explains ["SV-MISSING"];
    SV_PORT_MISSING "SV-PORT-MISSING" Broken "Service {{namespace}}/{{service}} has no port {{port}}, which {{user}} asks for; it has {{have}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/port\",\"value\":{\"number\":{{candidate}}}}]'",
             "kubectl -n {{namespace}} patch httproute {{route}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/port\",\"value\":{{candidate}}}]'"]
        explains ["LB-REFUSED"];
    SV_PORT_NAME "SV-PORT-NAME" Broken "Service {{namespace}}/{{service}} has no port called {{port}}, which {{user}} asks for; it has {{have}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/port\",\"value\":{\"number\":{{candidate}}}}]'"]
        explains ["LB-REFUSED"];
    SV_TARGETPORT_USED "SV-TARGETPORT-USED" Warn "{{user}} names the pods' port {{port}} of Service {{namespace}}/{{service}}; ingress-nginx accepts that, others do not: its own port is {{candidate}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/port\",\"value\":{\"number\":{{candidate}}}}]'"]
        explains [];
    SV_UDP "SV-UDP" Broken "Port {{port}} of Service {{namespace}}/{{service}} is {{protocol}}, but {{needs}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/protocol\",\"value\":\"{{wanted}}\"}]'"]
        explains ["ES-PORTNAME", "SV-EMPTY-SLICE", "SV-NAMED-PORT"];
    SV_SELECTOR_NONE "SV-SELECTOR-NONE" Broken "The selector {{selector}} of Service {{namespace}}/{{service}} matches no pod{{closest}}"
        fix ["kubectl -n {{namespace}} get pods --show-labels",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"selector\":{{wanted}}}}'"]
        explains ["SV-EMPTY-SLICE", "ES-NOT-READY", "EN-TARGET-EMPTY"];
    SV_SELECTOR_OTHER_NS "SV-SELECTOR-OTHER-NS" Broken "The pods that Service {{namespace}}/{{service}} selects by {{selector}} are in namespace {{other}}; a selector finds pods of its own namespace only"
        fix ["kubectl -n {{other}} get pods -l {{selector}} --show-labels",
             "kubectl create service clusterip {{service}} --tcp={{port}}:{{target}} --dry-run=client -o yaml | kubectl set selector --local -f - '{{selector}}' -o yaml | kubectl -n {{other}} apply -f -",
             "kubectl -n {{namespace}} patch svc {{service}} --type=merge -p '{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"{{service}}.{{other}}.svc.{{domain}}\",\"selector\":null,\"ports\":[{\"name\":\"{{port_name}}\",\"port\":{{port}}}]}}'"]
        explains ["SV-SELECTOR-NONE"];
    SV_SELECTOR_WIDE "SV-SELECTOR-WIDE" Warn "The selector {{selector}} of Service {{namespace}}/{{service}} matches the pods of {{owners}}: requests reach any of them"
        fix ["kubectl -n {{namespace}} get pods -l {{selector}} --show-labels",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"selector\":{{wanted}}}}'"]
        explains [];
    SV_ZERO "SV-ZERO" Broken "{{workload}} behind Service {{namespace}}/{{service}} is scaled to zero{{scaler}}, so nobody takes requests"
        fix ["kubectl -n {{namespace}} get {{owner}}",
             "kubectl -n {{namespace}} scale {{owner}} --replicas=1"]
        explains ["SV-SELECTOR-NONE", "SV-EMPTY-SLICE", "ES-NOT-READY", "EN-TARGET-EMPTY"];
    SV_NO_SELECTOR "SV-NO-SELECTOR" Broken "Service {{namespace}}/{{service}} has no selector and no EndpointSlice gives it endpoints, so nobody takes requests"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o yaml",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"selector\":{\"app\":\"{{service}}\"}}}'"]
        explains ["EN-TARGET-EMPTY"];
    SV_EMPTY_SLICE "SV-EMPTY-SLICE" Broken "{{count}} behind Service {{namespace}}/{{service}} ready, but its EndpointSlices hold no endpoint for port {{port}}: {{why}}"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o yaml",
             "kubectl -n {{namespace}} annotate --overwrite svc {{lagging}} kplumb.dev/touched=now",
             "kubectl -n {{namespace}} describe pod {{bare}}"]
        explains ["EN-TARGET-EMPTY"];
    SV_NAMED_PORT "SV-NAMED-PORT" Broken "Service {{namespace}}/{{service}} sends to a port called {{target}}, but no container of its pods has one, so it has no endpoint; they have {{have}}"
        fix ["kubectl -n {{namespace}} get pods -l {{selector}} -o jsonpath='{.items[*].spec.containers[*].ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/targetPort\",\"value\":{{candidate}}}]'"]
        explains ["SV-EMPTY-SLICE", "ES-NOT-READY", "EN-TARGET-EMPTY"];
    SV_NAMED_PORT_PARTIAL "SV-NAMED-PORT-PARTIAL" Warn "{{lacking}} of {{all}} pods of Service {{namespace}}/{{service}} have no port called {{target}} and get no requests: {{pod}} for example"
        fix ["kubectl -n {{namespace}} get pod {{pod}} -o jsonpath='{.spec.containers[*].ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/targetPort\",\"value\":{{candidate}}}]'"]
        explains [];
    SV_PORT_NOT_DECLARED "SV-PORT-NOT-DECLARED" Warn "Service {{namespace}}/{{service}} sends to port {{target}}, which no container of {{pod}} declares; they declare {{have}}. It may still listen there"
        fix ["kubectl -n {{namespace}} get {{item}} {{pod}} -o jsonpath='{..containers[*].ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/targetPort\",\"value\":{{candidate}}}]'"]
        explains [];
    SV_HEADLESS "SV-HEADLESS" Warn "Service {{namespace}}/{{service}} is headless, so its port {{port}} is not translated: clients must dial the pods' port {{target}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.clusterIP}{\" \"}{.spec.ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/port\",\"value\":{{target}}}]'"]
        explains [];
    SV_NODEPORT_REQ "SV-NODEPORT-REQ" Broken "Service {{namespace}}/{{service}} is of type {{kind}}, but {{controller}} reaches backends by node ports: it needs NodePort, or {{instead}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.type}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"type\":\"NodePort\"}}'"]
        explains [];
    SV_AFFINITY_IGNORED "SV-AFFINITY-IGNORED" Info "sessionAffinity ClientIP of Service {{namespace}}/{{service}} has no effect here: {{user}} connects to the pods themselves"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.sessionAffinity}'",
             "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/affinity=cookie"]
        explains [];
    SV_INTERNAL_LOCAL "SV-INTERNAL-LOCAL" Warn "Service {{namespace}}/{{service}} keeps traffic on the caller's node, and {{nodes}} without a ready endpoint: calls from there are dropped"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o wide",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"internalTrafficPolicy\":\"Cluster\"}}'"]
        explains [];
    SV_HINTS "SV-HINTS" Info "{{hinted}} of {{all}} ready endpoints of Service {{namespace}}/{{service}} carry hints for zones or nodes: {{effect}}"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o jsonpath='{.items[*].endpoints[*].hints}'"]
        explains [];
    SV_FAMILY "SV-FAMILY" Broken "Service {{namespace}}/{{service}} is {{family}}, but its endpoints are {{have}}: {{effect}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ipFamilies}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"ipFamilyPolicy\":\"PreferDualStack\"}}'"]
        explains ["SV-EMPTY-SLICE", "EN-TARGET-EMPTY"];
    SV_PUBLISH_NOTREADY "SV-PUBLISH-NOTREADY" Warn "Service {{namespace}}/{{service}} publishes addresses that are not ready, so requests reach pods before and after they can answer"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.publishNotReadyAddresses}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"publishNotReadyAddresses\":false}}'"]
        explains [];
    EN_DISABLED "EN-DISABLED" Broken "Service {{namespace}}/{{service}} is an ExternalName, which {{controller}} refuses: {{why}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{ctlns}} edit {{ctlowner}}"]
        explains [];
    EN_CYCLE "EN-CYCLE" Broken "Service {{namespace}}/{{service}} is an ExternalName for {{target}}, which leads back to itself: {{chain}}. Its name has no address"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{namespace}} patch svc {{used}} -p '{\"spec\":{\"externalName\":\"SERVICE.NAMESPACE.svc.cluster.local\"}}'",
             "kubectl -n {{namespace}} delete svc {{service}}"]
        explains [];
    EN_TARGET_MISSING "EN-TARGET-MISSING" Broken "Service {{namespace}}/{{service}} is an ExternalName for {{target}}, but there is no Service {{wanted}}{{similar}}"
        fix ["kubectl -n {{tns}} get svc",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"externalName\":\"{{candidate}}\"}}'"]
        explains [];
    EN_TARGET_EMPTY "EN-TARGET-EMPTY" Broken "The bridge to Service {{namespace}}/{{service}} works, but nobody is ready behind it{{why}}"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o yaml",
             "kubectl -n {{namespace}} describe svc {{service}}"]
        explains [];
    EN_IP "EN-IP" Broken "Service {{namespace}}/{{service}} is an ExternalName for {{target}}, an address: DNS looks it up as a name, and finds nothing"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl apply -f - <<< '{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{\"name\":\"{{service}}-1\",\"namespace\":\"{{namespace}}\",\"labels\":{\"kubernetes.io/service-name\":\"{{service}}\"}},\"addressType\":\"{{family}}\",\"endpoints\":[{\"addresses\":[\"{{address}}\"]}],\"ports\":[{\"name\":\"{{port_name}}\",\"port\":{{number}}}]}'",
             "kubectl -n {{namespace}} patch svc {{service}} --type=merge -p '{\"spec\":{\"type\":\"ClusterIP\",\"externalName\":null,\"selector\":null,\"ports\":[{\"name\":\"{{port_name}}\",\"port\":{{port}},\"targetPort\":{{number}}}]}}'"]
        explains [];
    EN_LOOPBACK "EN-LOOPBACK" Broken "Service {{namespace}}/{{service}} is an ExternalName for {{target}}, which is the caller itself: it is refused"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{namespace}} delete svc {{service}}"]
        explains [];
    EN_PORT "EN-PORT" Broken "The bridge {{namespace}}/{{service}} dials port {{port}}, but Service {{target}} has {{have}}: nobody answers there"
        fix ["kubectl -n {{tns}} get svc {{tname}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"ports\":[{\"port\":{{port}},\"targetPort\":{{candidate}}}]}}'"]
        explains [];
    EN_PORT_NAMED "EN-PORT-NAMED" Broken "{{user}} names port {{port}} of the ExternalName {{namespace}}/{{service}}, which lists no such port: there is no number to dial"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"ports\":[{\"name\":\"{{port}}\",\"port\":80}]}}'"]
        explains [];
    EN_HEADLESS_PORT "EN-HEADLESS-PORT" Broken "The bridge {{namespace}}/{{service}} dials port {{port}} of the headless Service {{target}}, whose pods listen on {{have}}: ports are not translated there"
        fix ["kubectl -n {{tns}} get svc {{tname}} -o jsonpath='{.spec.ports}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"ports\":[{\"port\":{{port}},\"targetPort\":{{candidate}}}]}}'"]
        explains [];
    EN_HOST_HEADER "EN-HOST-HEADER" Warn "{{target}} gets requests for host {{host}}, as {{user}} passes the client's Host header on: it may not know that name"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/upstream-vhost={{vhost}}",
             "kubectl -n {{namespace}} annotate --overwrite svc {{service}} traefik.ingress.kubernetes.io/service.passhostheader={{pass}}",
             "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} haproxy.org/set-host={{set_host}}",
             "kubectl -n {{namespace}} patch httproute {{route}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/rules/{{rule}}/filters{{at}}\",\"value\":{{open}}{\"type\":\"URLRewrite\",\"urlRewrite\":{\"hostname\":\"{{hostname}}\"}}{{close}}}]'"]
        explains [];
    EN_SHORT_NAME "EN-SHORT-NAME" Warn "Service {{namespace}}/{{service}} is an ExternalName for the short name {{target}}, which {{effect}}: write {{candidate}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"externalName\":\"{{candidate}}\"}}'"]
        explains [];
    EN_DOMAIN "EN-DOMAIN" Broken "Service {{namespace}}/{{service}} is an ExternalName for {{target}}, but the domain of this cluster is {{domain}}: the name does not exist"
        fix ["kubectl -n kube-system get cm coredns -o jsonpath='{.data.Corefile}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"externalName\":\"{{candidate}}\"}}'"]
        explains [];
    EN_TO_SELF_LB "EN-TO-SELF-LB" Broken "Service {{namespace}}/{{service}} is an ExternalName for {{target}}, which is this cluster's own entrance {{address}}: a request for {{host}} comes back to {{rule}} for ever"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{namespace}} delete svc {{service}}"]
        explains ["EN-HOST-HEADER"];
    EN_CHAIN_LONG "EN-CHAIN-LONG" Broken "From Service {{namespace}}/{{service}} on, {{count}} ExternalNames follow each other, and DNS follows {{limit}} at most: the name has no address"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.externalName}'",
             "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"externalName\":\"{{candidate}}\"}}'"]
        explains [];
    ES_LABEL "ES-LABEL" Broken "EndpointSlice {{namespace}}/{{slice}} has no label kubernetes.io/service-name, so its addresses do not belong to Service {{service}}"
        fix ["kubectl -n {{namespace}} get endpointslice {{slice}} --show-labels",
             "kubectl -n {{namespace}} label endpointslice {{slice}} kubernetes.io/service-name={{service}}"]
        explains ["SV-NO-SELECTOR", "EN-TARGET-EMPTY"];
    ES_PORTNAME "ES-PORTNAME" Broken "EndpointSlice {{namespace}}/{{slice}} {{calls}}, Service {{service}} calls its own {{want}}: {{effect}}"
        fix ["kubectl -n {{namespace}} get endpointslice {{slice}} -o jsonpath='{.ports}'",
             "kubectl -n {{namespace}} patch endpointslice {{slice}} --type=json -p '[{\"op\":\"add\",\"path\":\"/ports/0/name\",\"value\":\"{{name}}\"}]'",
             "kubectl -n {{namespace}} patch endpointslice {{slice}} --type=json -p '[{\"op\":\"add\",\"path\":\"/ports\",\"value\":[{\"name\":\"{{own}}\",\"port\":{{number}},\"protocol\":\"TCP\"}]}]'"]
        explains ["SV-NO-SELECTOR", "SV-EMPTY-SLICE", "EN-TARGET-EMPTY"];
    ES_BAD_ADDR "ES-BAD-ADDR" Broken "EndpointSlice {{namespace}}/{{slice}} lists {{address}}, {{what}}: kube-proxy sends nothing there"
        fix ["kubectl -n {{namespace}} get endpointslice {{slice}} -o yaml",
             "kubectl -n {{namespace}} edit endpointslice {{slice}}"]
        explains ["SV-NO-SELECTOR", "SV-EMPTY-SLICE", "EN-TARGET-EMPTY"];
    ES_STALE "ES-STALE" Warn "EndpointSlice {{namespace}}/{{slice}} lists {{address}}, which belongs to no pod{{more}}: requests sent there fail"
        fix ["kubectl get pods -A -o wide --field-selector status.podIP={{address}}",
             "kubectl -n {{namespace}} delete endpointslice {{slice}}"]
        explains [];
    ES_DUP_MANAGER "ES-DUP-MANAGER" Warn "Service {{namespace}}/{{service}} has a selector and the hand-written EndpointSlice {{slice}}: requests go to both sets of endpoints"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} --show-labels",
             "kubectl -n {{namespace}} delete endpointslice {{slice}}"]
        explains [];
    ES_TERMINATING "ES-TERMINATING" Warn "Only pods that are shutting down are left behind Service {{namespace}}/{{service}}: {{effect}}"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o yaml",
             "kubectl -n {{namespace}} get pods -l {{selector}}",
             "kubectl -n {{namespace}} rollout status {{owner}}"]
        explains [];
    ES_NOT_READY "ES-NOT-READY" Broken "{{ready}} of {{all}} behind Service {{namespace}}/{{service}} {{be}} ready, so nobody takes requests{{why}}"
        fix ["kubectl -n {{namespace}} get pods -l {{selector}}",
             "kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o yaml",
             "kubectl -n {{namespace}} describe pod {{pod}}"]
        explains ["EN-TARGET-EMPTY"];
    ES_PARTIAL "ES-PARTIAL" Warn "{{ready}} of {{all}} behind Service {{namespace}}/{{service}} are ready; {{pod}} is not{{why}}"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o yaml",
             "kubectl -n {{namespace}} describe pod {{pod}}"]
        explains [];
}
