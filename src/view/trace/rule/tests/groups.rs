//! Groups of Ingresses of the AWS controller: what holds for all of a class, who signs in, and what it gives up for.

use super::*;
use crate::view::trace::entrance::controller as running;

const AWS: &str = "alb.ingress.kubernetes.io";

/// An Ingress of class alb; annotations as `name: value` each.
fn of(name: &str, annotations: &[&str], host: &str, path: &str) -> String {
    let annotations: Vec<String> = annotations.iter().map(|one| format!("{AWS}/{one}")).collect();
    let yaml = ingress(name, 1, &annotations.join(", "), host, &[path], "");
    yaml.replace("ingressClassName: nginx", "ingressClassName: alb")
}

/// A class of the AWS controller, and an object for its parameters.
fn class(reference: &str, params: &str) -> String {
    let object = |rest: &str| {
        format!(
            "\n---\napiVersion: elbv2.k8s.aws/v1beta1\nkind: IngressClassParams\nmetadata: {{name: all}}\nspec: {rest}\n"
        )
    };
    let class = format!(
        "\n---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: alb}}\nspec: {{controller: ingress.k8s.aws/alb{reference}}}\n"
    );
    class + &object(params)
}

fn own(params: &str) -> String {
    class(", parameters: {apiGroup: elbv2.k8s.aws, kind: IngressClassParams, name: all}", params)
}

fn service(name: &str, annotations: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop, annotations: {{{annotations}}}}}\nspec: {{ports: [{{port: 80}}]}}\n"
    )
}

/// What becomes of a request by the controller that is assumed for the first Ingress, as it runs.
fn says(yaml: &str, url: &str) -> String {
    fixture::world(yaml, |world| {
        let all: Vec<_> = world.of(INGRESS).cloned().collect();
        let controller = Controller { port: get(url).port, ..running::by_class(world, &all[..1]) };
        let decision = decide(world, &controller, &get(url));
        let mut text = match &decision.action {
            Action::Forward(arms) => format!("{} {:?}", arms.len(), arms[0].reach),
            Action::Stop(outcome, arms) => format!("{} before {}", outcome.name(), arms.len()),
            Action::End(Outcome::Redirect { status, location }) => format!("{status} {location}"),
            Action::End(outcome) => outcome.name().to_owned(),
        };
        for finding in decision.hops.iter().flat_map(|hop| &hop.findings) {
            let _ = write!(text, " {}", finding.message());
        }
        text
    })
}

#[test]
fn the_controller_that_runs_says_by_its_flags_what_it_puts_up_with() {
    let yaml = class("", "{}")
        + &of("web", &["target-type: ip"], "a.example", "Prefix / web")
        + &of("other", &["group.name: team"], "b.example", "Prefix / gone")
        + &service("web", "");
    let of = |flag: &str, url: &str| {
        let workload = format!(
            "\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: lbc, namespace: kube-system}}\nspec: {{template: {{spec: \
             {{containers: [{{name: c, image: 'public.ecr.aws/eks/aws-load-balancer-controller:v2.8.0', args: ['{flag}']}}]}}}}}}\n"
        );
        says(&(yaml.clone() + &workload), url)
    };
    let strict = "--tolerate-non-existent-backend-service=false";
    assert!(of("--cluster-name=a", "http://b.example/").starts_with("1 NodePort"));
    let told = of(strict, "http://b.example/");
    assert!(told.starts_with("unknown before 1 the AWS controller gives up on the load balancer of group team"));
    assert!(told.contains("Service gone, which does not exist"), "{told}");
    // Another load balancer is another matter.
    assert_eq!(of(strict, "http://a.example/"), "1 Pods");
    let elsewhere = of("--watch-namespace=other", "http://a.example/");
    assert!(elsewhere.contains("--watch-namespace=other"), "{elsewhere}");
}

#[test]
fn what_holds_for_a_class_counts_before_annotations() {
    let web = |annotations: &[&str]| of("web", annotations, "a.example", "Prefix / web") + &service("web", "");
    let with = |params: &str, annotations: &[&str], url: &str| says(&(own(params) + &web(annotations)), url);
    assert_eq!(with("{}", &[], "http://a.example/"), "1 NodePort");
    assert_eq!(with("{targetType: ip}", &[], "http://a.example/"), "1 Pods");
    assert_eq!(with("{targetType: ip}", &["target-type: instance"], "http://a.example/"), "1 Pods");
    assert_eq!(with("{targetType: instance}", &["target-type: ip"], "http://a.example/"), "1 NodePort");
    assert!(with("{certificateArn: [arn]}", &[], "http://a.example/").starts_with("timeout"));
    assert_eq!(with("{certificateArn: [arn]}", &[], "https://a.example/"), "1 NodePort");
    let ports = r#"listen-ports: '[{"HTTP":80},{"HTTPS":443},{"HTTPS":8443}]'"#;
    let redirect = with("{sslRedirectPort: '8443'}", &[ports, "ssl-redirect: '443'"], "http://a.example/");
    assert_eq!(redirect, "301 https://a.example:8443/");
    // One group for all of the class, whatever they say.
    let two = web(&["group.name: one", ports]) + &of("b", &["ssl-redirect: '443'", ports], "b.example", "Prefix / web");
    assert_eq!(says(&(own("{group: {name: all}}") + &two), "http://a.example/"), "301 https://a.example/");
    assert_eq!(says(&(own("{}") + &two), "http://a.example/"), "1 NodePort");
}

#[test]
fn an_ingress_of_a_class_that_cannot_be_is_refused() {
    let web = of("web", &[], "a.example", "Prefix / web") + &service("web", "");
    let url = "http://a.example/";
    let missing = own("{}").replace("name: all}\nspec: {}", "name: others}\nspec: {}");
    assert!(says(&(missing + &web), url).contains("IngressClassParams all, which does not exist"));
    let odd = class(", parameters: {apiGroup: example.com, kind: Settings, name: all}", "{}");
    assert!(says(&(odd + &web), url).contains("a kind that the controller does not know"));
    let of = |labels: &str| {
        let namespace =
            format!("\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{{labels}}}}}\n");
        says(&(own("{namespaceSelector: {matchLabels: {team: a}}}") + &web + &namespace), url)
    };
    assert_eq!(of("team: a"), "1 NodePort");
    let left = of("team: b");
    assert!(left.starts_with("unknown") && left.contains("leaves out namespace shop"), "{left}");
    // By annotation no parameters count.
    let annotated = web.replace("annotations: {", "annotations: {kubernetes.io/ingress.class: alb");
    assert_eq!(says(&(own("{namespaceSelector: {matchLabels: {team: a}}}") + &annotated), url), "1 NodePort");
    let named = web.replace("annotations: {", &format!("annotations: {{{AWS}/group.name: Team_A"));
    assert!(says(&(own("{}") + &named), url).contains("Team_A is no name of a group"));
}

#[test]
fn a_group_is_built_as_a_whole_or_not_at_all() {
    let group = "group.name: team";
    let with = |more: &[&str], yaml: &str, url: &str| {
        let first = of("a", &[group], "a.example", "Prefix / web");
        let more: Vec<&str> = [group].iter().chain(more).copied().collect();
        says(&(class("", "{}") + &first + &of("b", &more, "b.example", "Prefix / web") + yaml), url)
    };
    let services = service("web", "");
    let fine = |more: &[&str]| with(more, &services, "http://a.example/");
    assert_eq!(fine(&[]), "1 NodePort");
    for (annotation, why) in [
        ("listen-ports: '[{\"TCP\":80}]'", "listen-ports cannot be read"),
        ("listen-ports: '[{\"HTTPS\":80}]'", "port 80 speaks another protocol"),
        ("ssl-redirect: '443'", "a port on which nothing listens for HTTPS"),
        ("group.order: '1001'", "no number from -1000 to 1000"),
        ("conditions.web: '{}'", "conditions.web is none"),
        ("auth-type: saml", "none of cognito, oidc and none"),
        ("target-type: pod", "neither ip nor instance"),
    ] {
        let told = fine(&[annotation]);
        assert!(told.starts_with("unknown ") && told.contains(why), "{annotation}: {told}");
        assert!(told.contains("of Ingress shop/b"), "{told}");
    }
    let port = with(&[], &services.replace("port: 80", "port: 81"), "http://a.example/");
    assert!(port.contains("a port that Service web does not have"), "{port}");
    // Of two default backends on one port neither counts.
    let default = "  defaultBackend: {service: {name: web, port: {number: 80}}}\n";
    let also = |name: &str, annotations: &[&str]| {
        let yaml = of(name, annotations, "c.example", "Prefix / web");
        yaml.replace("ingressClassName: alb\n", &format!("ingressClassName: alb\n{default}")) + &services
    };
    assert_eq!(says(&(class("", "{}") + &also("a", &[group])), "http://x.example/").split(' ').next(), Some("1"));
    let both = class("", "{}") + &also("a", &[group]) + &also("b", &[group]);
    assert!(says(&both, "http://x.example/").contains("not the only one of the group"));
    let apart = class("", "{}") + &also("a", &[group]) + &also("b", &[group, "listen-ports: '[{\"HTTP\":8080}]'"]);
    assert!(says(&apart, "http://x.example/").starts_with("1 NodePort"));
}

#[test]
fn clients_of_an_alb_sign_in_first_where_it_speaks_https() {
    let ports = r#"listen-ports: '[{"HTTP":80},{"HTTPS":443}]'"#;
    let idp = r#"auth-idp-oidc: '{"authorizationEndpoint":"https://id.other/auth","secretName":"idp"}'"#;
    let secret = "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: idp, namespace: shop}\ndata: {clientID: YQ==, clientSecret: YQ==}\n";
    let with = |more: &[&str], rest: &str, url: &str| {
        let more: Vec<&str> = [ports].iter().chain(more).copied().collect();
        says(&(class("", "{}") + &of("web", &more, "a.example", "Prefix / web") + rest), url)
    };
    let fine = service("web", "") + secret;
    let url = "https://a.example/";
    assert_eq!(with(&["auth-type: oidc", idp], &fine, url), "redirect before 1");
    assert_eq!(with(&["auth-type: oidc", idp], &fine, "http://a.example/"), "1 NodePort");
    let deny = "auth-on-unauthenticated-request: deny";
    assert_eq!(with(&["auth-type: oidc", idp, deny], &fine, url), "respond before 1");
    let allow = "auth-on-unauthenticated-request: allow";
    assert_eq!(with(&["auth-type: oidc", idp, allow], &fine, url), "1 NodePort");
    // What the Service says counts first.
    let open = service("web", &format!("{AWS}/auth-type: none")) + secret;
    assert_eq!(with(&["auth-type: oidc", idp], &open, url), "1 NodePort");
    let told = |more: &[&str], rest: &str| with(more, rest, url);
    assert!(told(&["auth-type: oidc"], &fine).contains("auth-idp-oidc is not set"));
    assert!(told(&["auth-type: cognito", idp], &fine).contains("auth-idp-cognito is not set"));
    let gone = service("web", "") + &secret.replace("name: idp", "name: other");
    assert!(told(&["auth-type: oidc", idp], &gone).contains("Secret shop/idp, which does not exist"));
    let poor = service("web", "") + &secret.replace("clientSecret", "secret");
    assert!(told(&["auth-type: oidc", idp], &poor).contains("has no key clientSecret"));
    let cookie =
        Request { headers: vec![("Cookie".to_owned(), "a=b; AWSELBAuthSessionCookie-0=x".to_owned())], ..get(url) };
    let yaml = class("", "{}") + &of("web", &[ports, "auth-type: oidc", idp], "a.example", "Prefix / web") + &fine;
    fixture::world(&yaml, |world| {
        let decision = decide(world, &Controller { port: 443, ..running::assumed(Flavour::Alb) }, &cookie);
        assert!(matches!(decision.action, Action::Forward(_)), "{:?}", decision.action);
    });
}
