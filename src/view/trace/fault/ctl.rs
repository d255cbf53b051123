//! Faults between an Ingress and the controller that should serve it: classes, watched namespaces, admission, duplicates.

use crate::view::trace::fault::faults;

faults! {
    CTL_NO_CLASS "CTL-NO-CLASS" Broken "Ingress {{namespace}}/{{ingress}} names no class and none is the default, so no controller picks it up; it needs ingressClassName: {{class}}"
        fix ["kubectl get ingressclass",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=merge -p '{\"spec\":{\"ingressClassName\":\"{{class}}\"}}'"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_CLASS_MISSING "CTL-CLASS-MISSING" Broken "Ingress {{namespace}}/{{ingress}} is of class {{class}}, and there is no IngressClass {{class}} (there is: {{have}}), so no controller picks it up"
        fix ["kubectl get ingressclass",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=merge -p '{\"spec\":{\"ingressClassName\":\"{{nearest}}\"}}'"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_CLASS_FOREIGN "CTL-CLASS-FOREIGN" Broken "Ingress {{namespace}}/{{ingress}} is of class {{class}}, which belongs to {{owner}}, {{fate}}"
        fix ["kubectl get ingressclass {{class}} -o jsonpath='{.spec.controller}'",
            "kubectl -n {{gate_namespace}} get {{gate}} -o jsonpath='{.status}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=merge -p '{\"spec\":{\"ingressClassName\":\"{{nearest}}\"}}'"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_CLASS_ANNOT "CTL-CLASS-ANNOT" Broken "Ingress {{namespace}}/{{ingress}} has the annotation kubernetes.io/ingress.class: {{class}}, and the controller only takes {{wanted}}, so it ignores the Ingress"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} kubernetes.io/ingress.class={{wanted}}"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_CLASS_FIELD "CTL-CLASS-FIELD" Broken "Ingress {{namespace}}/{{ingress}} names its class in ingressClassName ({{class}}), and GKE reads the annotation kubernetes.io/ingress.class alone, so it ignores the Ingress"
        fix ["kubectl -n {{namespace}} annotate ingress {{ingress}} kubernetes.io/ingress.class={{wanted}}",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"remove\",\"path\":\"/spec/ingressClassName\"}]'"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_REFUSED "CTL-REFUSED" Broken "the AWS controller refuses Ingress {{namespace}}/{{ingress}}: {{why}}, so {{effect}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations} {.spec.ingressClassName}'",
            "kubectl get ingressclass {{class}} -o jsonpath='{.spec.parameters}'",
            "kubectl get ingressclassparams {{params}} -o yaml",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_NS_UNWATCHED "CTL-NS-UNWATCHED" Broken "the controller does not watch namespace {{namespace}} ({{flag}}), so it ignores Ingress {{ingress}}"
        fix ["kubectl get namespace {{namespace}} --show-labels",
            "kubectl label --overwrite namespace {{namespace}} {{label}}",
            "kubectl -n {{controller_namespace}} edit {{workload}}"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_ANNOT_INVALID "CTL-ANNOT-INVALID" Broken "annotation {{annotation}} of Ingress {{namespace}}/{{ingress}} is invalid ({{value}}): {{effect}}"
        fix ["kubectl -n {{namespace}} describe ingress {{ingress}}",
            "kubectl -n {{controller_namespace}} logs {{workload}} --tail=1000 | grep annotation",
            "kubectl -n {{namespace}} edit ingress {{guarded}}",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} {{idle}}-"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_INSPECTED "CTL-INSPECTED" Broken "ingress-nginx takes {{what}} of Ingress {{namespace}}/{{ingress}} for an attack, for {{why}} in it: it leaves the whole Ingress out"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules}'",
            "kubectl -n {{controller_namespace}} logs {{workload}} --tail=1000 | grep 'invalid ingress'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["RT-HOST-MISS", "RT-PATH-MISS"];
    CTL_ADM_SNIPPET "CTL-ADM-SNIPPET" Broken "Ingress {{namespace}}/{{ingress}} uses {{annotation}}, and snippets are disabled: the controller refuses to apply it and ignores the snippet"
        fix ["kubectl -n {{controller_namespace}} get configmap {{settings}} -o jsonpath='{.data.allow-snippet-annotations}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} {{annotation}}-"]
        explains [];
    CTL_DUP_PATH "CTL-DUP-PATH" Broken "Ingress {{namespace}}/{{ingress}} gets nothing for {{host}}{{path}}: {{owner}} {{why}}"
        fix ["kubectl get ingress -A --sort-by=.metadata.creationTimestamp",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    CTL_CLASS_BOTH "CTL-CLASS-BOTH" Warn "Ingress {{namespace}}/{{ingress}} sets its class twice: ingressClassName {{class}} counts, the annotation kubernetes.io/ingress.class: {{annotation}} does not"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.ingressClassName}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} kubernetes.io/ingress.class-"]
        explains [];
    CTL_TWO_DEFAULTS "CTL-TWO-DEFAULTS" Warn "{{count}} IngressClasses are marked as default ({{classes}}): a new Ingress without a class may get another one than meant"
        fix ["kubectl get ingressclass",
            "kubectl annotate ingressclass {{class}} ingressclass.kubernetes.io/is-default-class-"]
        explains [];
    CTL_NO_STATUS "CTL-NO-STATUS" Warn "Ingress {{namespace}}/{{ingress}} has no address in its status, though its class is served: the controller has not published one (rejected, or its publish-service is wrong)"
        fix ["kubectl -n {{namespace}} describe ingress {{ingress}}",
            "kubectl -n {{controller_namespace}} logs {{workload}} --tail=100"]
        explains [];
    CTL_ADM_PATHTYPE "CTL-ADM-PATHTYPE" Warn "path {{path}} of Ingress {{namespace}}/{{ingress}} cannot be used with pathType {{type}} from ingress-nginx 1.12 on: it keeps serving, but the next apply is refused; it needs ImplementationSpecific"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].pathType}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/pathType\",\"value\":\"ImplementationSpecific\"}]'"]
        explains [];
    CTL_WEBHOOK_DOWN "CTL-WEBHOOK-DOWN" Warn "nobody answers for the admission webhook {{hook}} ({{why}}): applying an Ingress fails"
        fix ["kubectl get validatingwebhookconfiguration {{webhook}} -o yaml",
            "kubectl -n {{namespace}} get endpointslice -l kubernetes.io/service-name={{service}}",
            "kubectl -n {{namespace}} scale {{idle}} --replicas=1"]
        explains [];
    CTL_RELOAD_STALE "CTL-RELOAD-STALE" Warn "{{workload}} failed to reload its configuration ({{reason}}): it goes on with an older one"
        fix ["kubectl -n {{namespace}} logs {{workload}} --tail=200"]
        explains [];
    CTL_RETIRED "CTL-RETIRED" Info "ingress-nginx ({{image}}) is retired since March 2026: it gets no security fixes any more"
        fix ["kubectl -n {{namespace}} get {{workload}} -o jsonpath='{.spec.template.spec.containers[*].image}'"]
        explains [];
}
