//! Faults of the pods behind a Service, and of the ports of their containers.

use crate::view::trace::fault::faults;

faults! {
    PO_PENDING "PO-PENDING" Broken "Pod {{namespace}}/{{pod}}{{more}} cannot be scheduled: {{reason}}"
        fix ["kubectl -n {{namespace}} describe pod {{pod}}", "kubectl -n {{namespace}} edit {{owner}}", "kubectl get nodes -o wide"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_IMAGE "PO-IMAGE" Broken "Pod {{namespace}}/{{pod}}{{more}} cannot get image {{image}} of container {{container}}: {{reason}}"
        fix ["kubectl -n {{namespace}} describe pod {{pod}}", "kubectl -n {{namespace}} set image {{owner}} {{container}}=IMAGE"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_CONFIG "PO-CONFIG" Broken "Pod {{namespace}}/{{pod}}{{more}} waits for its configuration: {{reason}}"
        fix ["kubectl -n {{namespace}} describe pod {{pod}}", "kubectl -n {{namespace}} get cm,secret", "kubectl -n {{namespace}} edit {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_CRASH "PO-CRASH" Broken "Container {{container}} of pod {{namespace}}/{{pod}}{{more}} {{how}}: {{reason}}"
        fix ["kubectl -n {{namespace}} logs {{pod}} -c {{container}} --previous", "kubectl -n {{namespace}} rollout undo {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY", "PO-READINESS"];
    PO_OOM "PO-OOM" Broken "Container {{container}} of pod {{namespace}}/{{pod}}{{more}} used more memory than {{bound}} and was killed{{limit}}"
        fix ["kubectl -n {{namespace}} describe pod {{pod}}", "kubectl -n {{namespace}} set resources {{owner}} -c {{container}} {{wanted}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY", "PO-CRASH"];
    PO_INIT "PO-INIT" Broken "Pod {{namespace}}/{{pod}}{{more}} waits for its init container {{container}}: {{reason}}"
        fix ["kubectl -n {{namespace}} logs {{pod}} -c {{container}}", "kubectl -n {{namespace}} edit {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_READINESS "PO-READINESS" Broken "Pod {{namespace}}/{{pod}}{{more}} runs but is not ready: {{reason}}"
        fix ["kubectl -n {{namespace}} get pod {{pod}} -o jsonpath='{.status.conditions}'", "kubectl -n {{namespace}} describe pod {{pod}}", "kubectl -n {{namespace}} edit {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_PROBE_PORT "PO-PROBE-PORT" Broken "The {{probe}} probe of container {{container}} in {{namespace}}/{{pod}}{{more}} checks port {{port}}, but the pod declares {{have}}"
        fix ["kubectl -n {{namespace}} get {{item}} {{pod}} -o jsonpath='{..readinessProbe}'", "kubectl -n {{namespace}} edit {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY", "PO-READINESS"];
    PO_PROBE_NAME "PO-PROBE-NAME" Broken "The {{probe}} probe of container {{container}} in {{namespace}}/{{pod}}{{more}} checks a port called {{port}}, but the container has {{have}}"
        fix ["kubectl -n {{namespace}} get {{item}} {{pod}} -o jsonpath='{..containers[*].ports}'", "kubectl -n {{namespace}} edit {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY", "PO-READINESS"];
    PO_GATE "PO-GATE" Broken "Pod {{namespace}}/{{pod}}{{more}} waits for readiness gate {{gate}}, which its controller has not set"
        fix ["kubectl -n {{namespace}} get pod {{pod}} -o jsonpath='{.status.conditions}'", "kubectl -n {{namespace}} edit {{owner}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_STARTUP "PO-STARTUP" Warn "Pod {{namespace}}/{{pod}}{{more}} is still starting: {{reason}}"
        fix ["kubectl -n {{namespace}} describe pod {{pod}}", "kubectl -n {{namespace}} logs {{pod}}"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY"];
    PO_NO_READINESS "PO-NO-READINESS" Warn "Container {{container}} of {{namespace}}/{{pod}}{{more}} has no readiness probe: it gets requests as soon as it runs, before it can answer{{liveness}}"
        fix ["kubectl -n {{namespace}} get {{item}} {{pod}} -o jsonpath='{..readinessProbe}'",
             "kubectl -n {{namespace}} patch {{owner}} -p '{\"spec\":{\"template\":{\"spec\":{\"{{list}}\":[{\"name\":\"{{container}}\",\"readinessProbe\":{\"tcpSocket\":{\"port\":{{port}}}}}]}}}}'"]
        explains [];
    PO_LISTEN "PO-LISTEN" Broken "Nothing listens on {{address}}:{{port}} of pod {{namespace}}/{{pod}}{{more}}: the connection is refused; the process may listen on another port, or on 127.0.0.1 only"
        fix ["kubectl -n {{namespace}} logs {{pod}}", "kubectl -n {{namespace}} exec {{pod}} -- cat /proc/net/tcp",
             "kubectl -n {{namespace}} patch svc {{service}} --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/{{index}}/targetPort\",\"value\":{{port}}}]'"]
        explains ["SV-PORT-NOT-DECLARED"];
    PO_HOSTPORT "PO-HOSTPORT" Info "{{namespace}}/{{pod}}{{more}} can be reached around the Service, at port {{host}} of {{node}}"
        fix ["kubectl -n {{namespace}} get {{item}} {{pod}} -o jsonpath='{..hostNetwork}{..hostPort}'"]
        explains [];
    PO_TERMINATING "PO-TERMINATING" Warn "Pod {{namespace}}/{{pod}}{{more}} was deleted but does not go: {{reason}}"
        fix ["kubectl -n {{namespace}} get pod {{pod}} -o jsonpath='{.metadata.deletionTimestamp}{\" \"}{.metadata.finalizers}'",
             "kubectl -n {{namespace}} patch pod {{pod}} --type=merge -p '{\"metadata\":{\"finalizers\":null}}'"]
        explains [];
    PO_NODE "PO-NODE" Broken "Node {{node}} of pod {{namespace}}/{{pod}}{{more}} is not ready: {{reason}}"
        fix ["kubectl describe node {{node}}", "kubectl -n {{namespace}} delete pod {{pod}} --wait=false"]
        explains ["ES-NOT-READY", "EN-TARGET-EMPTY", "PO-READINESS"];
    PO_MESH "PO-MESH" Warn "Pod {{namespace}}/{{pod}}{{more}} takes only connections of the mesh (PeerAuthentication {{policy}} is STRICT), and {{user}} has no sidecar"
        fix ["kubectl -n {{pns}} get peerauthentication {{pname}} -o jsonpath='{.spec.mtls}'",
             "kubectl -n {{pns}} patch peerauthentication {{pname}} --type=merge -p '{\"spec\":{\"mtls\":{\"mode\":\"PERMISSIVE\"}}}'"]
        explains [];
}
