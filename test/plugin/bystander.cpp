// A shared library that is no plugin.
extern "C" int bystander()
{
    return 1;
}
