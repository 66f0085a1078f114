# Fields of the same lines, from a file.
function cpu_time(   line) {
    getline line < "/proc/self/schedstat"
    close("/proc/self/schedstat")
    split(line, numbers, " ")
    return numbers[1]
}

function measure(metric, separator,   start, fields) {
    FS = separator
    start = cpu_time()
    while ((getline < file) > 0) fields += NF
    printf "%s\t%g\tns\n", metric, (cpu_time() - start) / count
    close(file)
}

BEGIN {
    "mktemp" | getline file
    for (; size < 16 * 1024 * 1024; size += length(line)) {
        name = ""
        for (i = ++count % 3; i > 0; --i) name = name "abcdefghij klmnop"
        line = count ":user" count ":x:" count * 7 % 1000 ":/home/user" count ":" name "\n"
        printf "%s", line > file
    }
    close(file)
    FS = " "
    measure("line, fields at colons", ":")
    measure("line, fields at blanks", " ")
    system("rm " file)
}
