"""Textbook rules, rewritten, of the wrong sign, with tiny and with huge terms: their names."""

#: What it is, its text, and what it must be called.
NAMED: dict[str, tuple[str, str]] = {
    "oja expanded": ("dw/dt = 0.002*pre*post - 0.002*w*post**2",
        "Oja's rule (`oja`)"),
    "anti-hebb": ("dw/dt = -0.001*pre*post",
        "the opposite of Hebb's rule (`hebb`)"),
    "anti-hebb param neg": ("param eta = -0.001 1/ms\ndw/dt = eta*pre*post",
        "the opposite of Hebb's rule (`hebb`)"),
    "anti-oja (growth)": ("dw/dt = 0.001*post*(pre + post*w)",
        "Hebb's rule (`hebb`) + 0.001*w*post**2 with eta = 0.001 1/ms"),
    "anti-oja both": ("dw/dt = -0.001*post*(pre - post*w)",
        "the opposite of Oja's rule (`oja`)"),
    "oja alpha neg param": ("param alpha = -1\ndw/dt = 0.001*post*(pre - alpha*post*w)",
        "Hebb's rule (`hebb`) + 0.001*w*post**2 with eta = 0.001 1/ms"),
    "instar": ("dw/dt = 0.001*(pre*post - w*post)",
        "Grossberg's instar rule (`instar`)"),
    "instar halfway oja": ("dw/dt = 0.001*post*(pre - w*post) - 0.001*w*post",
        "Grossberg's instar rule (`instar`) - 0.001*w*post**2 with eta = 0.001 1/ms"),
    "outstar step": ("w += 0.01*pre*(post - w)",
        "Grossberg's outstar rule (`outstar`)"),
    "bcm negative": ("th = lowpass(post**2, 100)\ndw/dt = 0.001*pre*post*(th - post)",
        "the opposite of BCM rule (`bcm`)"),
    "bcm thr linear": ("th = lowpass(post, 100)\ndw/dt = 0.001*pre*post*(post - th)",
        "unlike any rule of the catalog; the nearest is BCM rule (`bcm`), with which it "
        "shares 3 of 5 terms"),
    "bcm scaled th": ("th = lowpass(2*post**2, 100)\ndw/dt = 0.001*pre*post*(post - th/2)",
        "BCM rule (`bcm`)"),
    "bcm scaled th wrong": ("th = lowpass(2*post**2, 100)\ndw/dt = 0.001*pre*post*(post - th)",
        "unlike any rule of the catalog; the nearest is BCM rule (`bcm`), which has its "
        "terms, but not with such coefficients"),
    "bcm euler step": ("th <- 0.9*th + 0.1*post**2 : post\nw += 0.01*pre*post*(post - th)",
        "BCM rule (`bcm`) with tau_th = 10 steps"),
    "bcm_power p=2 vs": (
        "post_bar = lowpass(post, 100)\ndw/dt = 0.001*pre*post*(post - post_bar**3)",
        "unlike any rule of the catalog; the nearest is BCM rule with a power of the mean"
        " rate (`bcm_power`), with which it shares 3 of 5 terms"),
    "law cooper": (
        "th = lowpass(post**2, 100)\ninitial th = 1\n"
        "dw/dt = 0.001*(pre*post**2/th - pre*post)",
        "BCM rule of Law and Cooper (`law_cooper`)"),
    "covariance expanded": (
        "a=lowpass(pre,1000)\nb=lowpass(post,1000)\n"
        "dw/dt = 0.001*(pre*post - a*post - pre*b + a*b)",
        "Covariance rule (`covariance`)"),
    "covariance half": ("b=lowpass(post,1000)\ndw/dt = 0.001*pre*(post - b)",
        "Hebb's rule (`hebb`) - 0.001*b*pre with eta = 0.001 1/ms"),
    "cov two taus": ("a=lowpass(pre,500)\nb=lowpass(post,1000)\ndw/dt = 0.001*(pre-a)*(post-b)",
        "unlike any rule of the catalog; the nearest is Covariance rule (`covariance`), "
        "which has its terms, but not with such coefficients"),
    "cov neg cross": (
        "a=lowpass(pre,1000)\nb=lowpass(post,1000)\ndw/dt = 0.001*(pre + a)*(post + b)",
        "unlike any rule of the catalog; the nearest is Covariance rule (`covariance`), "
        "which has its terms, but not with such coefficients"),
    "np": (
        "de/dt = 2*xi*pre - e/1000\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "Node perturbation (`node_perturbation`)"),
    "np wrong sign": (
        "de/dt = 2*xi*pre - e/1000\non trial start: e <- 0\n"
        "on reward: w -= 0.005*(R - R_bar[condition])*e",
        "the opposite of Node perturbation (`node_perturbation`)"),
    "np negative e both": (
        "de/dt = -2*xi*pre - e/1000\non trial start: e <- 0\n"
        "on reward: w -= 0.005*(R - R_bar[condition])*e",
        "Node perturbation (`node_perturbation`)"),
    "np growing e": (
        "de/dt = 2*xi*pre + e/1000\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), which has its terms, but not with such coefficients"),
    "np R+Rbar": (
        "de/dt = 2*xi*pre\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R + R_bar[condition])*e",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), with which it shares 5 of 6 terms"),
    "np no baseline": ("de/dt = 2*xi*pre\non trial start: e <- 0\non reward: w += 0.005*R*e",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), with which it shares 2 of 6 terms"),
    "np no reset": ("de/dt = 2*xi*pre - e/1000\non reward: w += 0.005*(R - R_bar[condition])*e",
        "Node perturbation (`node_perturbation`); e not reset on trial start"),
    "np e reset to 1": (
        "de/dt = 2*xi*pre - e/1000\non trial start: e <- 1\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "Node perturbation (`node_perturbation`), e set to 1 on trial start"),
    "np e*w": (
        "de/dt = 2*xi*pre - e/1000\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e*w",
        "unlike any rule of the catalog; the nearest is Node perturbation in Miconi's "
        "protocol (`miconi_node_perturbation`), with which it shares 3 of 8 terms"),
    "np |e|": (
        "de/dt = 2*xi*pre - e/1000\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*abs(e)",
        "unlike any rule of the catalog; the nearest is Node perturbation in Miconi's "
        "protocol (`miconi_node_perturbation`), with which it shares 3 of 8 terms"),
    "np baseline delayed x2": (
        "de/dt = 2*xi*pre - e/1000\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - 2*R_bar[condition])*e",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), which has its terms, but not with such coefficients"),
    "np post noise": (
        "de/dt = 2*xi*pre + 0*post - e/1000\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar)*e",
        "Node perturbation (`node_perturbation`); one R_bar for all conditions"),
    "np swapped pre/post": (
        "de/dt = 2*xi*post - e/1000 : synapse\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), with which it shares 5 of 7 terms"),
    "stdp pair lowpass": (
        "a=lowpass(pre_spike,17)\nb=lowpass(post_spike,34)\n"
        "dw/dt = 0.1*a*post_spike - 0.2*b*pre_spike",
        "Pair-based STDP (`stdp_pair`) with A_plus = 0.005882, A_minus = 0.005882"),
    "anti stdp": (
        "a=lowpass(pre_spike,17)\nb=lowpass(post_spike,34)\n"
        "dw/dt = -0.1*a*post_spike + 0.2*b*pre_spike",
        "the opposite of Pair-based STDP (`stdp_pair`) with A_plus = 0.005882, A_minus = "
        "0.005882"),
    "stdp all potentiation": (
        "a=lowpass(pre_spike,17)\nb=lowpass(post_spike,34)\n"
        "dw/dt = 0.1*a*post_spike + 0.2*b*pre_spike",
        "unlike any rule of the catalog; the nearest is Pair-based STDP (`stdp_pair`), "
        "which has its terms, but not with such coefficients"),
    "stdp_rate anti": (
        "a=lowpass(pre,17)\nb=lowpass(post,34)\ndw/dt = -0.001*a*post + 0.001*b*pre",
        "the opposite of Pair STDP in rate form (`stdp_rate`)"),
    "triplet": (
        "r=accumulate(pre_spike,16.8)\no1=accumulate(post_spike,33.7)\n"
        "o2=accumulate(post_spike,114)\n"
        "dw/dt = 0.0065*r*o2*post_spike - 0.0071*o1*pre_spike",
        "Triplet STDP (`triplet_stdp`)"),
    "scaling": ("b=lowpass(post,1000)\ndw/dt = 0.0001*w - 0.0001*w*b",
        "Synaptic scaling (`synaptic_scaling`)"),
    "scaling anti": ("b=lowpass(post,1000)\ndw/dt = 0.0001*w*b - 0.0001*w",
        "the opposite of Synaptic scaling (`synaptic_scaling`)"),
    "hopfield x2": ("on trial end: w += 2*post*pre/N_pre\ndiagonal w = 0",
        "unlike any rule of the catalog; the nearest is Hopfield's storage rule "
        "(`hopfield`), which has its terms, but not with such coefficients"),
    "hopfield neg": ("on trial end: w -= post*pre/N_pre\ndiagonal w = 0",
        "the opposite of Hopfield's storage rule (`hopfield`)"),
    "miconi supra": (
        "R_bar[condition] = average(R, 0.25)\nu_bar <- 0.05*u_bar + 0.95*u : post\n"
        "e += pre**3*(u - u_bar)**3 : synapse\n"
        "on reward: w += clip(0.1*R_bar[condition]*(R_bar[condition]-R)*e, -0.0003, 0.0003)\n"
        "on trial start: e <- 0",
        "Miconi's supralinear rule (`miconi_supralinear`)"),
    "miconi wrong sign": (
        "R_bar[condition] = average(R, 0.25)\nu_bar <- 0.05*u_bar + 0.95*u : post\n"
        "e += pre**3*(u - u_bar)**3 : synapse\n"
        "on reward: w += clip(0.1*R_bar[condition]*(R-R_bar[condition])*e, -0.0003, 0.0003)\n"
        "on trial start: e <- 0",
        "the opposite of Miconi's supralinear rule (`miconi_supralinear`)"),
    "miconi square": (
        "R_bar[condition] = average(R, 0.25)\nu_bar <- 0.05*u_bar + 0.95*u : post\n"
        "e += pre**2*(u - u_bar)**2 : synapse\n"
        "on reward: w += clip(0.1*R_bar[condition]*(R_bar[condition]-R)*e, -0.0003, 0.0003)\n"
        "on trial start: e <- 0",
        "unlike any rule of the catalog; the nearest is Node perturbation in Miconi's "
        "protocol (`miconi_node_perturbation`), with which it shares 4 of 10 terms"),
    "eh graded": (
        "b <- 0.8*b + 0.2*post : post\nP <- 0.8*P + 0.2*R : global\n"
        "w += 0.0005*(pre*post*R - pre*b*R - pre*post*P + pre*b*P)",
        "Exploratory Hebb rule, graded (`exploratory_hebb_graded`)"),
    "rflo anti": (
        "integrate euler\np = lowpass(slope*pre, 10) : synapse\ndw/dt = -0.001*error*p\n"
        "on trial start: p <- 0",
        "the opposite of RFLO: random feedback local online learning (`rflo`)"),
    "hebb sq": ("dw/dt = 0.001*pre*post**2",
        "Polynomial family of Confavreux et al. (`confavreux`) with theta_120 = 1"),
    "hebb + big": ("dw/dt = 0.001*pre*post + 5*u*pre**3 - 3*w**5",
        "unlike any rule of the catalog; the nearest is Hebb's rule (`hebb`), with which "
        "it shares 1 of 3 terms"),
    "hebb clip": ("dw/dt = clip(0.001*pre*post,-1e-9,1e-9)",
        "Hebb's rule (`hebb`); changes of w within [-1e-09, 1e-09]"),
    "forward changes": ("forward w = -w\ndw/dt = 0.001*post*(pre - post*w)",
        "Oja's rule (`oja`) - w in forward w"),
    "a rate beside a mean, added": ("b = lowpass(post, 1000)\ndw/dt = 0.001*pre*(post + b)",
        "Hebb's rule (`hebb`) + 0.001*b*pre with eta = 0.001 1/ms"),
    "hebb and something huge": ("dw/dt = 0.001*pre*post - 50*u*pre**3",
        "unlike any rule of the catalog; the nearest is Hebb's rule (`hebb`), with which "
        "it shares 1 of 2 terms"),
    "hebb and something tiny": ("dw/dt = 0.001*pre*post + 1e-9*u*pre**3",
        "Hebb's rule (`hebb`) + 1e-09*u*pre**3 with eta = 0.001 1/ms"),
    "hebb less something tiny": ("dw/dt = 0.001*pre*post - 1e-9*u*pre**3",
        "Hebb's rule (`hebb`) - 1e-09*u*pre**3 with eta = 0.001 1/ms"),
    "hebb and decay": ("dw/dt = 0.1*pre*post - 0.025*w",
        "Hebb's rule (`hebb`) - 0.025*w with eta = 0.1 1/ms"),
    "pairs and a decay": (
        "a = accumulate(pre_spike, 17)\nb = accumulate(post_spike, 34)\n"
        "dw/dt = 0.01*a*post_spike - 0.01*b*pre_spike - 0.002*w",
        "Pair-based STDP (`stdp_pair`) - 0.002*w with A_plus = 0.01, A_minus = 0.01"),
    "hebb and a decay that outweighs it": ("dw/dt = 0.001*pre*post - 5*w",
        "Polynomial family of Confavreux et al. (`confavreux`) with theta_001 = -1, "
        "theta_110 = 0.0002"),
    "hebb and as much as it at a reward": ("dw/dt = 0.001*pre*post\non reward: w += 0.2*R*pre",
        "Hebb's rule (`hebb`) + 0.2*R*pre in w on reward"),
    "hebb and far more at a reward": ("dw/dt = 0.001*pre*post\non reward: w += 20*R*pre",
        "unlike any rule of the catalog; the nearest is Hebb's rule (`hebb`), with which "
        "it shares 1 of 2 terms"),
    "hebb of a half": ("dw/dt = 0.001*pre*post/2",
        "Hebb's rule (`hebb`)"),
    "only the potentiation of pairs": (
        "a = accumulate(pre_spike, 17)\ndw/dt = 0.005*a*post_spike",
        "unlike any rule of the catalog; the nearest is Pair-based STDP (`stdp_pair`), "
        "with which it shares 3 of 6 terms"),
    "triplet with pairs": (
        "r = accumulate(pre_spike, 16.8)\no1 = accumulate(post_spike, 33.7)\n"
        "o2 = accumulate(post_spike, 114)\n"
        "dw/dt = (0.003 + 0.0065*o2)*r*post_spike - 0.0071*o1*pre_spike",
        "Triplet STDP (`triplet_stdp`) with A2_plus = 0.003"),
    "triplet of the other sign": (
        "r = accumulate(pre_spike, 16.8)\no1 = accumulate(post_spike, 33.7)\n"
        "o2 = accumulate(post_spike, 114)\n"
        "dw/dt = 0.0071*o1*pre_spike - 0.0065*r*o2*post_spike",
        "the opposite of Triplet STDP (`triplet_stdp`)"),
    "products of rates": ("dw/dt = 0.001*pre*post**2 - 0.0005*w*pre",
        "Polynomial family of Confavreux et al. (`confavreux`) with theta_101 = -0.5, "
        "theta_120 = 1"),
    "miconi and decay of e": (
        "R_bar[condition] = average(R, 0.25)\nu_bar <- 0.05*u_bar + 0.95*u : post\n"
        "e <- 0.8*e + pre**3*(u - u_bar)**3 : synapse\n"
        "on reward: w += clip(0.1*R_bar[condition]*(R_bar[condition]-R)*e, -0.0003, 0.0003)\n"
        "on trial start: e <- 0",
        "Miconi's supralinear rule (`miconi_supralinear`) + decay of e by 0.2 a step"),
    "weights that are not used": ("w += 0.01*post*pre\nforward w = 0*w",
        "Hebb's rule (`hebb`); forward w always 0"),
    "weights that are forgotten": ("w += 0.01*post*pre\non trial start: w <- 0",
        "Hebb's rule (`hebb`); w reset on trial start"),
    "weights that are forgotten at the end": ("w += 0.01*post*pre\non trial end: w <- 0",
        "Hebb's rule (`hebb`); w reset on trial end"),
    "an eligibility that begins elsewhere": (
        "e <- e + xi*pre : synapse\ninitial e = 100\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "Node perturbation (`node_perturbation`) with tau_e infinite; e begins at 100"),
    "a baseline without memory": (
        "e <- e + xi*pre : synapse\non trial start: e <- 0\n"
        "R_bar[condition] = average(R, 1)\non reward: w += 0.005*(R - R_bar[condition])*e",
        "Node perturbation (`node_perturbation`) with tau_e infinite, memory 0 of R_bar"),
    "changes that are always one way": (
        "e <- e + xi*pre : synapse\non trial start: e <- 0\n"
        "on reward: w += clip(0.005*(R - R_bar[condition])*e, 0.5, 0.6)",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), with which it shares 5 of 6 terms; changes of w go one way alone"),
    "changes that are never up": ("w += clip(0.1*pre*post, -0.5, 0)",
        "unlike any rule of the catalog; the nearest is Hebb's rule (`hebb`), which has its terms, "
        "but not with such coefficients; changes of w go one way alone"),
    "an eligibility that is gone when it is read": (
        "e <- e + xi*pre : synapse\non trial start: e <- 0\non reward: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "no rule of the catalog: it changes no weight"),
    "an eligibility that is gone once it is read": (
        "e <- e + xi*pre : synapse\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e\non reward: e <- 0",
        "Node perturbation (`node_perturbation`) with tau_e infinite; e reset on reward"),
    "an eligibility of alternating sign": (
        "e <- -0.9*e + xi*pre : synapse\non trial start: e <- 0\n"
        "on reward: w += 0.005*(R - R_bar[condition])*e",
        "unlike any rule of the catalog; the nearest is Node perturbation "
        "(`node_perturbation`), which has its terms, but not with such coefficients"),
    "a threshold of alternating sign": (
        "th <- -0.5*th + 1.5*post**2 : post\nw += 0.01*pre*post*(post - th)",
        "unlike any rule of the catalog; the nearest is BCM rule (`bcm`), which has its terms, "
        "but not with such coefficients"),
    "a factor before the limits": (
        "de/dt = xi*pre : synapse\non trial start: e <- 0\n"
        "on reward: w += 2*clip(0.1*(R - R_bar[condition])*e, -0.02, 0.02)",
        "Node perturbation (`node_perturbation`) with tau_e infinite; "
        "changes of w within [-0.04, 0.04]"),
    "limits that are taken off": (
        "de/dt = xi*pre : synapse\non trial start: e <- 0\n"
        "on reward: w -= clip(0.1*(R - R_bar[condition])*e, -0.02, 0.01)",
        "the opposite of Node perturbation (`node_perturbation`) with tau_e infinite; "
        "changes of w within [-0.01, 0.02]"),
    "a rate of 0": ("param eta = 0\ndw/dt = eta*pre*post",
        "no rule of the catalog: it changes no weight"),
}  # fmt: skip
