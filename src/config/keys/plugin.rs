//! Rows of `[rpcinterface:x]` (A3.85) and `[ctlplugin:x]` (B4.2). Their other
//! keys are arguments of the plug-in.

super::keys! { RPCINTERFACE:
    RPCINTERFACE_FACTORY "supervisor.rpcinterface_factory" Factory None, "3.0",
        "What serves this namespace; must be given.",
        "Only `supervisor.rpcinterface:make_main_rpcinterface`, unless foreign_rpcinterfaces is ignore.";
}

super::keys! { CTLPLUGIN:
    CTL_FACTORY "supervisor.ctl_factory" Factory None, "3.0", "What adds commands to supervisorctl; must be given.";
}
