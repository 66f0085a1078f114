/* Bare Lua states with the standard libraries. */
#include "measure.h"

#include <lauxlib.h>
#include <lualib.h>

/* Resident bytes of the process, page tables included. */
static double memory(void)
{
    char line[256];
    long value, total = 0;
    FILE* status = fopen("/proc/self/status", "r");
    measure_check(status != NULL, "/proc/self/status");
    while (fgets(line, sizeof(line), status)) {
        if (sscanf(line, "VmRSS: %ld", &value) == 1 || sscanf(line, "VmPTE: %ld", &value) == 1)
            total += value;
    }
    fclose(status);
    return total * 1024.0;
}

int main(void)
{
    enum { count = 1000 };
    double before = memory(), start = measure_cpu();
    for (int i = 0; i < count; ++i) {
        lua_State* L = luaL_newstate();
        measure_check(L != NULL, "luaL_newstate");
        luaL_openlibs(L);
    }
    measure_report("time", (measure_cpu() - start) / count / 1000, "us");
    measure_report("memory", (memory() - before) / count / 1000, "kB");
}
