//! Faults of rules, paths, rewrites and policies of controllers that read Ingresses.

use crate::view::trace::fault::faults;

faults! {
    RT_REDIRECT_LOOP "RT-REDIRECT-LOOP" Broken "{{url}} redirects to {{shape}}, for ever: clients give up with too many redirects"
        fix [] explains [];
}
