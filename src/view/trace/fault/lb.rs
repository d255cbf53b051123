//! Faults at the way into the cluster: load balancers, node ports, and the pods right behind them.

use crate::view::trace::fault::faults;

faults! {
    LB_PENDING "LB-PENDING" Broken "load balancer {{namespace}}/{{service}} has had no address for {{age}} ({{reason}}): nobody outside can connect"
        fix ["kubectl -n {{namespace}} describe svc {{service}}",
            "kubectl get pods -A | grep -E 'metallb|cloud-controller'"]
        explains [];
    LB_CLASS_ORPHAN "LB-CLASS-ORPHAN" Broken "load balancer {{namespace}}/{{service}} is of class {{class}}, and no controller serves that class: it never gets an address; install the controller, or create the Service anew without loadBalancerClass"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.loadBalancerClass}'",
            "kubectl -n {{namespace}} delete svc {{service}}"]
        explains ["LB-PENDING"];
    LB_PORT_ERROR "LB-PORT-ERROR" Broken "the provider of load balancer {{namespace}}/{{service}} does not serve port {{port}} ({{error}}): connections to it are refused"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.status.loadBalancer.ingress[*].ports}'",
            "kubectl -n {{namespace}} describe svc {{service}}"]
        explains [];
    LB_PORT_ABSENT "LB-PORT-ABSENT" Broken "{{gate}} does not listen on {{transport}}port {{port}} (it has: {{have}}), so {{effect}}"
        fix ["kubectl -n {{namespace}} get {{resource}} -o jsonpath='{.spec.ports}'",
            "kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations} {.spec.tls}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} {{setting}}",
            "kubectl -n {{namespace}} edit ingress {{ingress}}",
            "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/ports/-\",\"value\":{\"name\":\"port-{{port}}\",\"protocol\":\"{{protocol}}\",\"port\":{{port}},\"targetPort\":{{inner}}}}]'"]
        explains [];
    LB_SOURCE_RANGES "LB-SOURCE-RANGES" Warn "load balancer {{namespace}}/{{service}} lets only {{ranges}} connect, and {{client}}: the others wait until they time out"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.loadBalancerSourceRanges}'",
            "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/loadBalancerSourceRanges/-\",\"value\":\"{{add}}\"}]'"]
        explains [];
    LB_LOCAL_NO_EP "LB-LOCAL-NO-EP" Warn "{{which}} no ready pod of {{namespace}}/{{service}}, whose externalTrafficPolicy is Local: what arrives there is dropped"
        fix ["kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}} -o jsonpath='{.items[*].endpoints[*].nodeName}'",
            "kubectl -n {{namespace}} patch svc {{service}} -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'"]
        explains [];
    LB_NO_ENDPOINT "LB-NO-ENDPOINT" Broken "no pod behind {{gate}} is ready ({{pods}}), so nobody takes the connection"
        fix ["kubectl -n {{namespace}} get pods -o wide",
            "kubectl -n {{namespace}} describe {{workload}}"]
        explains ["LB-LOCAL-NO-EP", "CTL-WEBHOOK-DOWN"];
    LB_TARGETPORT "LB-TARGETPORT" Broken "port {{port}} of {{namespace}}/{{service}} leads to {{target}}, {{why}}"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
            "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/targetPort\",\"value\":{{nearest}}}]'"]
        explains ["LB-NO-ENDPOINT", "LB-LOCAL-NO-EP"];
    LB_PROXY_MISSING "LB-PROXY-MISSING" Broken "ingress-nginx expects the PROXY protocol (use-proxy-protocol in ConfigMap {{config_namespace}}/{{config}}), and {{gate}} does not send it: connections are reset"
        fix ["kubectl -n {{config_namespace}} get svc,cm -o yaml",
            "kubectl -n {{config_namespace}} patch cm {{config}} --type=merge -p '{\"data\":{\"use-proxy-protocol\":\"false\"}}'"]
        explains [];
    LB_PROXY_EXTRA "LB-PROXY-EXTRA" Broken "{{gate}} sends the PROXY protocol, and ingress-nginx does not expect it (use-proxy-protocol is not true): {{effect}}"
        fix ["kubectl -n {{namespace}} get svc,cm -o yaml",
            "kubectl -n {{config_namespace}} patch cm {{config}} --type=merge -p '{\"data\":{\"use-proxy-protocol\":\"true\"}}'"]
        explains [];
    LB_PROXY_UNKNOWN "LB-PROXY-UNKNOWN" Info "{{gate}} sends the PROXY protocol; whether ingress-nginx expects it cannot be checked, because its ConfigMap cannot be read"
        fix ["kubectl -n {{namespace}} get cm -o jsonpath='{.items[*].data.use-proxy-protocol}'"]
        explains [];
    LB_HAIRPIN "LB-HAIRPIN" Warn "pods that call {{host}} do not pass {{gate}}: the cluster takes {{address}} for its own, and their connections come without the PROXY header that ingress-nginx expects"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.status.loadBalancer.ingress}'",
            "kubectl -n {{namespace}} annotate svc {{service}} service.beta.kubernetes.io/do-loadbalancer-hostname={{host}}"]
        explains [];
    LB_FWD_CERT "LB-FWD-CERT" Info "TLS ends at load balancer {{namespace}}/{{service}} ({{annotation}}): clients see its certificate, not the one of the cluster"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.metadata.annotations}'"]
        explains [];
    LB_UNHEALTHY "LB-UNHEALTHY" Warn "the load balancer of Ingress {{namespace}}/{{ingress}} took Service {{service}} for unhealthy when its controller last asked ({{backend}}): as long as its health check fails it sends nothing there, and clients get 502"
        fix ["kubectl -n {{namespace}} describe ingress {{ingress}}",
            "kubectl -n {{service_namespace}} get svc {{service_name}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{service_namespace}} get backendconfig -o yaml"]
        explains [];
    LB_CONFIG "LB-CONFIG" Broken "{{owner}} names {{kind}} {{namespace}}/{{name}}, which does not exist: {{effect}}"
        fix ["kubectl -n {{namespace}} get {{plural}}",
            "kubectl -n {{namespace}} annotate {{resource}} {{annotation}}-"]
        explains [];
    LB_REFUSED "LB-REFUSED" Broken "{{who}} gives up on {{balancer}}, which stays as it was before or is never made: {{why}}"
        fix ["kubectl -n {{namespace}} describe ingress {{ingress}}",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["LB-PORT-ABSENT"];
    LB_HEALTH_PORT "LB-HEALTH-PORT" Warn "the health check of BackendConfig {{namespace}}/{{name}} asks port {{port}}, which Service {{service}} does not lead to ({{have}}): where nobody answers there, the load balancer sends nothing to the Service, and clients get 502"
        fix ["kubectl -n {{namespace}} get backendconfig {{name}} -o jsonpath='{.spec.healthCheck}'",
            "kubectl -n {{namespace}} patch backendconfig {{name}} --type=merge -p '{\"spec\":{\"healthCheck\":{\"port\":null}}}'"]
        explains [];
    LB_SEVERAL "LB-SEVERAL" Info "DNS does not say where {{host}} enters the cluster; it could be elsewhere too: {{others}}"
        fix ["kubectl get svc,gateway,ingress -A"]
        explains [];
}
