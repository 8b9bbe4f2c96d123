/* What every client here does, with libxmlrpc: HOST PORT USER PASSWORD. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmlrpc-c/base.h>
#include <xmlrpc-c/client.h>

static xmlrpc_env env;
static xmlrpc_client *client;
static xmlrpc_server_info *server;

static void check(const char *what) {
    if (env.fault_occurred) {
        printf("%s failed: %d %s\n", what, env.fault_code, env.fault_string);
        exit(1);
    }
}

static xmlrpc_value *ask(const char *method, xmlrpc_value *params) {
    xmlrpc_value *answer = NULL;
    check("parameters");
    xmlrpc_client_call2(&env, client, server, method, params, &answer);
    xmlrpc_DECREF(params);
    return answer;
}

static xmlrpc_value *none(void) { return xmlrpc_array_new(&env); }

static xmlrpc_value *one(const char *text) { return xmlrpc_build_value(&env, "(s)", text); }

static const char *text_of(xmlrpc_value *structure, const char *key) {
    xmlrpc_value *found;
    const char *text;
    xmlrpc_struct_find_value(&env, structure, key, &found);
    check(key);
    xmlrpc_read_string(&env, found, &text);
    check(key);
    return text;
}

static int int_of(xmlrpc_value *structure, const char *key) {
    xmlrpc_value *found;
    int number;
    xmlrpc_struct_find_value(&env, structure, key, &found);
    check(key);
    xmlrpc_read_int(&env, found, &number);
    check(key);
    return number;
}

static const char *word(xmlrpc_value *answer) {
    xmlrpc_bool flag;
    check("call");
    xmlrpc_read_bool(&env, answer, &flag);
    check("boolean");
    return flag ? "True" : "False";
}

static xmlrpc_value *step(const char *method, const char *name) {
    xmlrpc_value *params = name ? one(name) : none();
    return xmlrpc_build_value(&env, "{s:s,s:A}", "methodName", method, "params", params);
}

int main(int argc, char **argv) {
    char url[200];
    if (argc != 5) return 2;
    snprintf(url, sizeof url, "http://%s:%s/RPC2", argv[1], argv[2]);
    xmlrpc_env_init(&env);
    xmlrpc_client_setup_global_const(&env);
    xmlrpc_client_create(&env, XMLRPC_CLIENT_NO_FLAGS, "client", "1", NULL, 0, &client);
    check("client");
    server = xmlrpc_server_info_new(&env, url);
    xmlrpc_server_info_set_user(&env, server, argv[3], argv[4]);
    xmlrpc_server_info_allow_auth_basic(&env, server);
    check("server");

    xmlrpc_value *state = ask("supervisor.getState", none());
    check("getState");
    printf("state %s\n", text_of(state, "statename"));
    xmlrpc_value *all = ask("supervisor.getAllProcessInfo", none());
    check("getAllProcessInfo");
    for (int i = 0; i < xmlrpc_array_size(&env, all); i++) {
        xmlrpc_value *info;
        xmlrpc_array_read_item(&env, all, (unsigned)i, &info);
        printf("process %s %s %s %s\n", text_of(info, "group"), text_of(info, "name"), text_of(info, "statename"),
               int_of(info, "pid") > 0 ? "True" : "False");
    }
    printf("stop %s\n", word(ask("supervisor.stopProcess", one("cat"))));
    printf("start %s\n", word(ask("supervisor.startProcess", xmlrpc_build_value(&env, "(sb)", "cat", (xmlrpc_bool)1))));
    ask("supervisor.startProcess", one("nobody"));
    /* The library has words of its own in front. */
    const char *said = strstr(env.fault_string, "BAD_NAME");
    printf("fault %d %s\n", env.fault_code, said ? said : env.fault_string);
    xmlrpc_env_clean(&env);
    xmlrpc_env_init(&env);
    xmlrpc_value *info = ask("supervisor.getProcessInfo", one("caf\xc3\xa9"));
    check("getProcessInfo");
    printf("text %s\n", text_of(info, "name"));
    /* The library knows no characters beyond 16 bits. */
    xmlrpc_value *text_to = xmlrpc_build_value(&env, "(ss)", "cat", "\xc3\xa9\xe2\x82\xac <&>\n");
    printf("stdin %s\n", word(ask("supervisor.sendProcessStdin", text_to)));
    xmlrpc_value *calls = none();
    xmlrpc_array_append_item(&env, calls, step("supervisor.getVersion", NULL));
    xmlrpc_array_append_item(&env, calls, step("supervisor.getState", NULL));
    xmlrpc_array_append_item(&env, calls, step("supervisor.getProcessInfo", "nobody"));
    check("calls");
    xmlrpc_value *results = ask("system.multicall", xmlrpc_build_value(&env, "(A)", calls));
    check("multicall");
    xmlrpc_value *version, *second, *wrong;
    const char *text;
    xmlrpc_array_read_item(&env, results, 0, &version);
    xmlrpc_array_read_item(&env, results, 1, &second);
    xmlrpc_array_read_item(&env, results, 2, &wrong);
    xmlrpc_read_string(&env, version, &text);
    printf("multicall %s %s %d\n", text, text_of(second, "statename"), int_of(wrong, "faultCode"));
    return 0;
}
