"""Rule texts that several tests use."""

MICONI = """
    u_bar = lowpass(u, tau_u)                       : post
    de/dt = -e/tau_e + (pre*(u - u_bar))**3         : synapse
    on reward: w += eta*(R - R_bar)*e
"""

ROUND_TRIP = [
    MICONI,
    "dw/dt = eta*post*(pre - post*w)",
    "w += eta*pre*post",
    "w <- 0.9*w",
    "param lambda = 2 s in [1, 3] free\ndw/dt = -w/lambda",
    "param A = 5 Hz\nparam k = 1 ms**(1/2)\nparam q\nw += A*dt*k**2*q",
    "x_tr = accumulate(pre, 17)\ny_tr = accumulate(post, 34)\ndw/dt = eta*(x_tr*post - 2*y_tr*pre)",
    "on trial start: e <- 0\non trial end: w -= w/tau_w; e <- 0\nde/dt = pre*post",
    "on reward:\n  w += eta*e\n  e <- 0\nde/dt = pre*post",
    "th = lowpass(post**2, 100)\ninitial th = 1.5\ndw/dt = eta*pre*post*(post - th)",
    "forward w = w + alpha*H\nforward bias = -th\nH <- (1 - eta)*H + eta*pre*post\n"
    "th <- th + gamma*(post - 0.1)\ndiagonal w = 0\nbounds w in [-inf, 0]\nintegrate euler",
    "w += eta*(post*pre - cumsum_post(post*w)*post)\nnonlocal cumsum_post",
    "s = sum_pre(w**2)\nnonlocal sum_pre\nw += eta*(1 - s)*pre",
    "w += eta*((pre > 0.5)*post + (post if pre > 0 and u < 1 else min(pre, u, 1)))",
    "w += where(pre == 0, 1, spow(u, 0.5)) + clip(u, -1, 1)*relu(pre) + 2*(u - pre)",
    "w += eta*(R - R_bar[condition])*pre*post",
    "R_bar[condition] = average(R, eta)\ninitial R_bar = -1\nw += (R - R_bar[condition])*pre*post",
    "w += -(u - pre)*u/(2*sqrt(abs(u))*pre**3) - 1/3*u**-0.3 + 2**u",
    "w += abs(log(abs(u)) + prev(u)) + exp(1)*exp(u)*exp(pre)",
    "m = n*u\nn = post + 1\nw += m*pre",
    "a <- b + a*0.5\nb <- a*0.3 + post\nw += a*pre",
    "delay <- 0.9*delay + delay(R, 2 s) : global\n"
    "w += eta*delay*delay(pre, 1/3)*(delay(delay, 20 ms) > 0.5) + delay(w, 0.5 ms)",
    "w += prev(pre)*(not pre > 0) + sign(u)*tanh(u)**2/sigmoid(u)",
    "a = 0.5 + post.slow\nx = lowpass(pre, 10 + 40*pre.fast)\ninitial x = pre.fast\n"
    "w += x*(a if pre.excitatory > 0 else -a)",
    "feedback.g : post\nx <- 0.5*x + feedback.g**2\nd = 2*input.alpha_bar\n"
    "on reward: w += eta*(d - recurrent.R_bar)*x*pre",
]
