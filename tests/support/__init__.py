"""What tests share: real servers and clients, certificates, the sample directory, passwords that can be found."""
