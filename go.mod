module github.com/winlimits/winlimits

go 1.25.0
