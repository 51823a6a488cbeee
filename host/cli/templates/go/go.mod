module example/{{name}}

go 1.27
