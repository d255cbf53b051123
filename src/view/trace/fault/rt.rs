//! Faults of rules, paths, rewrites and policies of controllers that read Ingresses.

use crate::view::trace::fault::faults;

faults! {
    RT_HOST_WILDCARD_DEPTH "RT-HOST-WILDCARD-DEPTH" Broken "no rule takes {{host}}: {{wildcard}} of Ingress {{namespace}}/{{ingress}} stands for one label only, so {{controller}} answers 404"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].host}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["RT-HOST-MISS"];
    RT_HOST_MISS "RT-HOST-MISS" Broken "no rule that {{controller}} serves lists {{host}}{{closest}}, so it answers 404"
        fix ["kubectl get ingress -A",
            "kubectl -n {{namespace}} edit ingress {{ingress}}",
            "kubectl create ingress {{own}} --class={{class}} --rule='{{host}}/*=SERVICE:PORT'",
            "kubectl get ingressroute -A -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name}{\" \"}{.spec.routes[*].match}{\"\\n\"}{end}'{{of_routes}}",
            "kubectl -n {{route_namespace}} edit ingressroute {{route}}"]
        explains [];
    RT_WILDCARD_SHADOW "RT-WILDCARD-SHADOW" Broken "{{host}} has rules of its own, none for {{path}}, so {{wildcard}} of Ingress {{namespace}}/{{ingress}}, which has one, is never consulted: 404"
        fix ["kubectl get ingress -A",
            "kubectl -n {{own_namespace}} edit ingress {{own}}"]
        explains ["RT-PATH-MISS"];
    RT_PATH_CASE "RT-PATH-CASE" Broken "no rule of {{host}} takes {{path}}: paths are case-sensitive, and the rule of Ingress {{namespace}}/{{ingress}} says {{rule}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'"]
        explains ["RT-PATH-MISS"];
    RT_PATH_ELEMENT "RT-PATH-ELEMENT" Broken "no rule of {{host}} takes {{path}}: {{rule}} of Ingress {{namespace}}/{{ingress}} {{how}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{verbatim}}/pathType\",\"value\":\"Prefix\"}]'"]
        explains ["RT-PATH-MISS"];
    RT_EXACT_SLASH "RT-EXACT-SLASH" Broken "no rule of {{host}} takes {{path}}: the rule {{rule}} of Ingress {{namespace}}/{{ingress}} is Exact, and a slash at the end makes another path"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/pathType\",\"value\":\"Prefix\"}]'"]
        explains ["RT-PATH-MISS"];
    RT_REGEX_NOTENABLED "RT-REGEX-NOTENABLED" Broken "{{rule}} of Ingress {{namespace}}/{{ingress}} looks like a regular expression, but is taken literally, so {{path}} finds no rule"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"add\",\"path\":\"{{pointer}}/pathType\",\"value\":\"ImplementationSpecific\"}]'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/use-regex=true"]
        explains ["RT-PATH-MISS"];
    RT_REGEX_INVALID "RT-REGEX-INVALID" Broken "path {{rule}} of Ingress {{namespace}}/{{ingress}} is no regular expression ({{reason}}): nginx refuses its whole configuration and goes on with an older one"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["RT-PATH-MISS"];
    RT_CONFIG_REFUSED "RT-CONFIG-REFUSED" Broken "{{what}} of Ingress {{namespace}}/{{ingress}} {{why}}: nginx refuses its whole configuration and goes on with an older one, so that no change of any route or pod behind it comes into effect"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o yaml",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["RT-PATH-MISS"];
    RT_RESOURCE_BACKEND "RT-RESOURCE-BACKEND" Broken "path {{rule}} of Ingress {{namespace}}/{{ingress}} leads to {{resource}}, and {{controller}} knows Services only: {{effect}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].backend}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["RT-PATH-MISS", "LB-REFUSED"];
    RT_PATH_MISS "RT-PATH-MISS" Broken "{{host}} has rules, but none for {{path}} (there is: {{have}}), so {{controller}} answers 404"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{range .spec.rules[*]}{.host}{\" \"}{.http.paths[*].path}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}",
            "kubectl -n {{namespace}} get ingressroute {{route}} -o jsonpath='{.spec.routes[*].match}'",
            "kubectl -n {{namespace}} edit ingressroute {{route}}"]
        explains [];
    RT_ROUTER_DROPPED "RT-ROUTER-DROPPED" Broken "Traefik leaves out the rule {{rule}} of {{object}} for this request: {{why}}"
        fix ["kubectl -n {{namespace}} get {{resource}} {{name}} -o yaml",
            "kubectl -n {{namespace}} edit {{resource}} {{name}}"]
        explains ["RT-PATH-MISS", "RT-HOST-MISS", "RT-CHILD-MISS"];
    RT_CHILD_MISS "RT-CHILD-MISS" Broken "{{object}} takes {{path}} of {{host}} and leads it on, and none of the routes below takes it (there is: {{have}}), so Traefik answers 404"
        fix ["kubectl get ingressroute -A -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name}{\" \"}{.spec.parentRefs[*].name}{\" \"}{.spec.routes[*].match}{\"\\n\"}{end}'",
            "kubectl -n {{namespace}} edit ingressroute {{name}}"]
        explains [];
    RT_SERVICE_CYCLE "RT-SERVICE-CYCLE" Broken "{{object}} leads to TraefikServices that lead back to each other ({{ring}}): Traefik never comes to an end with them, takes in no change of any route any more, and eats memory until it is killed"
        fix ["kubectl -n {{namespace}} get traefikservice {{service}} -o yaml",
            "kubectl -n {{namespace}} edit traefikservice {{service}}"]
        explains [];
    RT_REWRITE_NOGROUP "RT-REWRITE-NOGROUP" Broken "rewrite-target {{target}} of Ingress {{namespace}}/{{ingress}} {{why}}, so the app gets {{sent}} instead of the rest of {{path}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} 'nginx.ingress.kubernetes.io/rewrite-target={{wanted_target}}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/path\",\"value\":\"{{wanted}}\"},{\"op\":\"add\",\"path\":\"{{pointer}}/pathType\",\"value\":\"ImplementationSpecific\"}]'"]
        explains [];
    RT_AUTH_SECRET "RT-AUTH-SECRET" Broken "basic authentication of Ingress {{namespace}}/{{ingress}} needs {{secret}}, {{why}}: nginx answers 503 to every request"
        fix ["kubectl -n {{secret_namespace}} get secret {{secret_name}}",
            "kubectl -n {{secret_namespace}} create secret generic {{secret_name}} --from-file=auth --dry-run=client -o yaml | kubectl apply -f -",
            "kubectl -n {{from_namespace}} get secret {{from_name}} -o jsonpath='{.data.auth}' | base64 -d > auth",
            "kubectl -n {{namespace}} create secret generic {{new_name}} --from-file=auth",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} {{annotation}}={{new_name}}"]
        explains [];
    RT_AUTH_URL "RT-AUTH-URL" Broken "external authentication of Ingress {{namespace}}/{{ingress}} asks {{url}}, {{why}}: nginx answers 500"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{config_namespace}} get configmap {{config}} -o jsonpath='{.data}'",
            "kubectl -n {{auth_namespace}} get svc,endpointslice"]
        explains [];
    RT_ALLOWLIST "RT-ALLOWLIST" Broken "{{object}} lets {{ranges}} in, {{why}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} {{annotation}}={{wanted}}",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} {{idle}}-",
            "kubectl -n {{config_namespace}} patch configmap {{config}} --type=merge -p '{\"data\":{\"{{key}}\":\"{{wanted_list}}\"}}'",
            "kubectl -n {{config_namespace}} edit configmap {{blocking}}",
            "kubectl -n {{lb_namespace}} patch svc {{lb}} -p '{\"spec\":{\"externalTrafficPolicy\":\"Local\"}}'",
            "kubectl -n {{namespace}} get middleware {{middleware}} -o jsonpath='{.spec}'",
            "kubectl -n {{namespace}} edit middleware {{middleware}}"]
        explains [];
    RT_MTLS "RT-MTLS" Broken "{{host}} wants a certificate of the client ({{setting}}), {{why}}: {{effect}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} get tlsoption {{option}} -o jsonpath='{.spec.clientAuth}'"]
        explains [];
    RT_REDIRECT_LOOP "RT-REDIRECT-LOOP" Broken "{{url}} redirects to {{shape}}, for ever: clients give up with too many redirects"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} {{annotation}}-",
            "kubectl -n {{namespace}} get {{resource}} {{name}} -o yaml",
            "kubectl -n {{namespace}} edit {{resource}} {{name}}",
            "kubectl -n {{config_namespace}} patch configmap {{config}} --type=merge -p '{\"data\":{\"use-forwarded-headers\":\"true\"}}'"]
        explains [];
    RT_ACTION "RT-ACTION" Broken "Ingress {{namespace}}/{{ingress}} leads to annotation {{annotation}}, and {{why}}: {{effect}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains ["LB-REFUSED"];
    RT_BACKEND_PROTO "RT-BACKEND-PROTO" Broken "{{controller}} speaks HTTP to port {{port}} of Service {{namespace}}/{{service}}, which speaks HTTPS ({{sign}}): clients get 400 or 502"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} nginx.ingress.kubernetes.io/backend-protocol=HTTPS"]
        explains [];
    RT_BACKEND_TLS "RT-BACKEND-TLS" Warn "Traefik speaks TLS to {{target}} and {{why}}: where a server shows another certificate, clients get 500"
        fix ["kubectl -n {{namespace}} get serverstransport",
            "kubectl -n {{namespace}} edit serverstransport {{transport}}",
            "kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'"]
        explains [];
    RT_GRPC "RT-GRPC" Broken "{{controller}} speaks HTTP/1.1 to port {{port}} of Service {{namespace}}/{{service}}, which speaks gRPC ({{sign}}): calls fail with 502 or 415"
        fix ["kubectl -n {{namespace}} get svc {{service}} -o jsonpath='{.spec.ports}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} nginx.ingress.kubernetes.io/backend-protocol=GRPC"]
        explains [];
    RT_TCP_CM "RT-TCP-CM" Broken "port {{port}} of ConfigMap {{config_namespace}}/{{config}} leads to {{target}}, {{why}}"
        fix ["kubectl -n {{config_namespace}} get configmap {{config}} -o jsonpath='{.data}'",
            "kubectl -n {{config_namespace}} get svc"]
        explains [];
    RT_SLASH_301 "RT-SLASH-301" Warn "nginx redirects {{path}} to {{slash}} (301), because the rule of Ingress {{namespace}}/{{ingress}} ends with a slash: a POST becomes a GET"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/path\",\"value\":\"{{path}}\"}]'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"copy\",\"from\":\"{{exact}}\",\"path\":\"{{list}}/0\"},{\"op\":\"replace\",\"path\":\"{{list}}/0/path\",\"value\":\"{{path}}\"}]'"]
        explains [];
    RT_REGEX_HOSTWIDE "RT-REGEX-HOSTWIDE" Warn "{{cause}} turned all paths of {{host}} into case-insensitive regular expressions ({{setting}}), so {{path}} is taken by {{rule}} of Ingress {{namespace}}/{{ingress}}"
        fix ["kubectl -n {{cause_namespace}} get ingress {{cause_name}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{cause_namespace}} edit ingress {{cause_name}}"]
        explains [];
    RT_REGEX_UNANCHORED "RT-REGEX-UNANCHORED" Warn "the Exact path {{rule}} of Ingress {{namespace}}/{{ingress}} is a regular expression on this host, without an end, so it takes {{path}} too; {{rule}}$ would not"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/path\",\"value\":\"{{rule}}$\"},{\"op\":\"add\",\"path\":\"{{pointer}}/pathType\",\"value\":\"ImplementationSpecific\"}]'"]
        explains [];
    RT_REGEX_LENGTH "RT-REGEX-LENGTH" Warn "{{rule}} of Ingress {{namespace}}/{{ingress}} is a longer text than {{other}} and is therefore tried first, so it takes {{path}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    RT_REWRITE_COLLAPSE "RT-REWRITE-COLLAPSE" Warn "rewrite-target {{target}} of Ingress {{namespace}}/{{ingress}} makes every request under {{rule}} a request for {{target}}: assets and APIs of the app are not found"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} 'nginx.ingress.kubernetes.io/rewrite-target={{wanted_target}}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/path\",\"value\":\"{{wanted}}\"},{\"op\":\"add\",\"path\":\"{{pointer}}/pathType\",\"value\":\"ImplementationSpecific\"}]'"]
        explains [];
    RT_REWRITE_CTRL "RT-REWRITE-CTRL" Warn "annotation {{annotation}} of Ingress {{namespace}}/{{ingress}} belongs to ingress-nginx, and {{controller}} serves this Ingress: it is ignored"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.ingressClassName}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} {{annotation}}-"]
        explains [];
    RT_ANNOT_PREFIX "RT-ANNOT-PREFIX" Warn "annotation {{annotation}} of Ingress {{namespace}}/{{ingress}} has the prefix of another controller, so ingress-nginx ignores it; it reads {{wanted}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} '{{renamed}}' {{annotation}}-",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} {{idle}}-"]
        explains [];
    RT_CANARY_ORPHAN "RT-CANARY-ORPHAN" Warn "canary Ingress {{namespace}}/{{ingress}} {{effect}}: no other Ingress has {{host}}{{path}} with pathType {{type}}"
        fix ["kubectl get ingress -A",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    RT_CANARY_SECOND "RT-CANARY-SECOND" Warn "canary Ingress {{namespace}}/{{ingress}} gets nothing: {{owner}} is the canary of {{host}}{{path}} already, and only one is used"
        fix ["kubectl get ingress -A --sort-by=.metadata.creationTimestamp",
            "kubectl -n {{namespace}} delete ingress {{ingress}}"]
        explains [];
    RT_ALIAS_CONFLICT "RT-ALIAS-CONFLICT" Warn "server-alias {{host}} of Ingress {{namespace}}/{{ingress}} is ignored: {{why}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/server-alias-"]
        explains [];
    RT_RULE_NOHTTP "RT-RULE-NOHTTP" Warn "the rule of Ingress {{namespace}}/{{ingress}} for {{host}} has no paths, so {{controller}} answers 404"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    RT_LIMIT "RT-LIMIT" Warn "Ingress {{namespace}}/{{ingress}} limits each client ({{limit}}): bursts get {{status}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'"]
        explains [];
    RT_BODY_413 "RT-BODY-413" Warn "the body of {{length}} bytes is longer than proxy-body-size {{limit}} of Ingress {{namespace}}/{{ingress}}: nginx answers 413"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} nginx.ingress.kubernetes.io/proxy-body-size={{wanted}}"]
        explains [];
    RT_TIMEOUT "RT-TIMEOUT" Warn "nginx waits {{seconds}} s for Ingress {{namespace}}/{{ingress}} (proxy-read-timeout): {{what}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'",
            "kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} nginx.ingress.kubernetes.io/proxy-read-timeout=3600"]
        explains [];
    RT_PASSTHROUGH_FLAG "RT-PASSTHROUGH-FLAG" Warn "ssl-passthrough of Ingress {{namespace}}/{{ingress}} is ignored: the controller runs without --enable-ssl-passthrough, so it ends TLS itself"
        fix ["kubectl -n {{controller_namespace}} get {{workload}} -o jsonpath='{.spec.template.spec.containers[0].args}'",
            "kubectl -n {{namespace}} annotate ingress {{ingress}} nginx.ingress.kubernetes.io/ssl-passthrough-"]
        explains [];
    RT_PASSTHROUGH_PATH "RT-PASSTHROUGH-PATH" Warn "path {{rule}} of Ingress {{namespace}}/{{ingress}} is ignored: with ssl-passthrough only / works, because nobody reads the request on the way"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.rules[*].http.paths[*].path}'",
            "kubectl -n {{namespace}} edit ingress {{ingress}}"]
        explains [];
    RT_REWRITE_NONE "RT-REWRITE-NONE" Info "Ingress {{namespace}}/{{ingress}} passes the path unchanged: the app sees {{path}}, and its own probe asks it for {{rest}}"
        fix ["kubectl -n {{namespace}} annotate --overwrite ingress {{ingress}} 'nginx.ingress.kubernetes.io/rewrite-target={{wanted_target}}'",
            "kubectl -n {{namespace}} patch ingress {{ingress}} --type=json -p '[{\"op\":\"replace\",\"path\":\"{{pointer}}/path\",\"value\":\"{{wanted}}\"},{\"op\":\"add\",\"path\":\"{{pointer}}/pathType\",\"value\":\"ImplementationSpecific\"}]'"]
        explains [];
    RT_CANARY_SPLIT "RT-CANARY-SPLIT" Info "canary Ingress {{namespace}}/{{ingress}}: {{split}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.metadata.annotations}'"]
        explains [];
    RT_DEFAULT_BACKEND "RT-DEFAULT-BACKEND" Info "no path takes {{path}}, so the defaultBackend of Ingress {{namespace}}/{{ingress}} answers: {{service}}"
        fix ["kubectl -n {{namespace}} get ingress {{ingress}} -o jsonpath='{.spec.defaultBackend}'"]
        explains [];
}
